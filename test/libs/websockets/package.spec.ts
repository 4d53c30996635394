import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { publint } from 'publint';
import ts from 'typescript';
import {
  compiledFiles,
  describeWithRegistry,
  exportedFiles,
  packPackages,
  Project,
  typeFaults,
} from '../../support/npm.js';

const [library] = packPackages('libs/websockets');
const { manifest, files, tarball } = library;
describe('The package of the library', () => {
  it('contains the build of its sources, README and LICENSE', () => {
    const built = compiledFiles('libs/websockets/src', 'dist', ['.js', '.d.ts']);
    expect(files.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json', ...built].toSorted());
  });

  it.each(Object.entries(manifest.exports))('contains %s at the path in package.json', (_, target) => {
    expect(files).toEqual(expect.arrayContaining(exportedFiles(target)));
  });

  it('passes publint', async () => {
    const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer } });
    expect(messages).toEqual([]);
  });

  it('has types that every ESM resolution finds', () => {
    expect(typeFaults(tarball)).toBe('');
  }, 120_000);
});

describeWithRegistry('The library, installed in a Nest application', () => {
  const application = new Project(manifest.peerDependencies);
  let added: string[];
  beforeAll(() => {
    const before = new Set(application.resolve());
    added = application.install([tarball]).filter((path) => !before.has(path));
  }, 300_000);

  it('installs only itself, ws, and the optional bufferutil with its loader', () => {
    const others = new Set(['nest-raw-websockets', 'ws', 'bufferutil', 'node-gyp-build']);
    expect(added.filter((path) => !others.has(path.split('node_modules/').at(-1) ?? ''))).toEqual([]);
    expect(added).toContain('node_modules/nest-raw-websockets');
  });

  it('is smaller than 1.5 MB', () => {
    expect(application.sizeOf(added)).toBeLessThan(1_500_000);
  });
});

describe('A program that uses the packed library', () => {
  const project = new Project();
  const consumer = project.folder;

  /** The source of a consumer, and whether it compiles. */
  const sources: Record<string, readonly [code: string, compiles: boolean]> = {
    handlers: ['client.onmessage = (event: { data: string }) => void event.data;', true],
    construction: ['new WebSocketConnection();', false],
    imitation: ["void webSocket.send({ type: 'text', byteLength: 3 });", false],
    manager: ['new WebSocketManager(undefined, {} as never);', false],
    options: ["WebSocketGateway<WebSocketGatewayOptions>({ path: '/ws', maxMessageSize: 65536 });", true],
    misspelling: ["WebSocketGateway<WebSocketGatewayOptions>({ path: '/ws', maxMessagesize: 65536 });", false],
  };

  beforeAll(() => {
    project.extract([library]);
    // Without @types/ws: the declarations must not need it.
    project.link(['@nestjs', '@types/node', 'reflect-metadata', 'rxjs']);
    for (const [name, [code]] of Object.entries(sources)) {
      writeFileSync(
        join(consumer, `${name}.ts`),
        `import { WebSocketGateway } from '@nestjs/websockets';
         import {
           WsCompatibleClient,
           WebSocketManager,
           type WebSocketConnection,
           type WebSocketGatewayOptions,
         } from '${manifest.name}';
         export declare const webSocket: WebSocketConnection;
         export declare const client: WsCompatibleClient;
         export type Manager = WebSocketManager;
         ${code}`,
      );
    }
  }, 60_000);

  it.each([
    ['nodenext', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ['bundler', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ])(
    'compiles with skipLibCheck: false under %s, unless it misuses the library',
    (_name, module, moduleResolution) => {
      const programs = Object.keys(sources).map((name) => join(consumer, `${name}.ts`));
      const program = ts.createProgram(programs, {
        module,
        moduleResolution,
        target: ts.ScriptTarget.ES2023,
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        types: ['node'],
        typeRoots: [join(consumer, 'node_modules/@types')],
      });
      const faulty = ts.getPreEmitDiagnostics(program).map(({ file }) => basename(file?.fileName ?? '', '.ts'));
      const expected = Object.keys(sources).filter((name) => !sources[name][1]);
      expect(faulty.toSorted()).toEqual(expected.toSorted());
    },
    120_000,
  );

  it('finds the typings with the classic "node" module resolution', () => {
    const { resolvedModule } = ts.resolveModuleName(
      manifest.name,
      join(consumer, 'handlers.ts'),
      { moduleResolution: ts.ModuleResolutionKind.Node10 },
      ts.sys,
    );
    expect(resolvedModule?.resolvedFileName).toMatch(/dist\/index\.d\.ts$/);
  });
});
