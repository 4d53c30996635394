import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../../libs/websockets', import.meta.url));
const versions = z.record(z.string(), z.string());

const manifest = z
  .object({
    name: z.string(),
    license: z.string(),
    engines: z.object({ node: z.string() }),
    exports: z.record(z.string(), z.union([z.string(), z.object({ types: z.string(), default: z.string() })])),
    dependencies: versions,
    peerDependencies: versions,
    optionalDependencies: versions,
  })
  .parse(readJson('package.json'));

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** The files behind one entry of `exports`. */
function pathsOf(target: string | Record<string, string>): string[] {
  return typeof target === 'string' ? [target] : Object.values(target);
}

describe('what package.json exports', () => {
  const library = z.object({ types: z.string(), default: z.string() }).parse(manifest.exports['.']);

  it.each(Object.entries(manifest.exports))('has %s where it says', (_, target) => {
    expect(pathsOf(target).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('has typings next to the code', () => {
    expect(library.types).toBe(library.default.replace(/\.js$/, '.d.ts'));
  });
});

describe('what npm publishes', () => {
  it('is what the build writes, with the readme and the license, and it holds all that package.json exports', () => {
    const [{ files }] = z
      .tuple([z.object({ files: z.array(z.object({ path: z.string() })) })])
      .parse(JSON.parse(execFileSync('npm pack --dry-run --json', { cwd: root, shell: true, encoding: 'utf8' })));
    const paths = files.map(({ path }) => `./${path}`);
    expect(paths.filter((path) => !path.startsWith('./dist/')).toSorted()).toEqual([
      './LICENSE',
      './README.md',
      './package.json',
    ]);
    expect(paths).toEqual(expect.arrayContaining(Object.values(manifest.exports).flatMap(pathsOf)));
  });
});

describe('the packed package', () => {
  const consumer = mkdtempSync(join(tmpdir(), 'consumer-'));
  afterAll(() => rmSync(consumer, { recursive: true }));

  /** What a consumer writes, and whether it compiles. */
  const sources: Record<string, readonly [code: string, compiles: boolean]> = {
    handlers: ['client.onmessage = (event: { data: string }) => void event.data;', true],
    construction: ['new WebSocketConnection();', false],
    imitation: ["void webSocket.send({ type: 'text', byteLength: 3 });", false],
    manager: ['new WebSocketManager(undefined, {} as never);', false],
  };

  beforeAll(() => {
    execFileSync(`npm pack --silent --pack-destination "${consumer}"`, { cwd: root, shell: true });
    const [archive] = readdirSync(consumer).filter((name) => name.endsWith('.tgz'));
    execFileSync('tar', ['-xzf', archive], { cwd: consumer });
    mkdirSync(join(consumer, 'node_modules'));
    renameSync(join(consumer, 'package'), join(consumer, 'node_modules', manifest.name));
    for (const name of ['@nestjs', '@types', 'reflect-metadata', 'rxjs']) {
      symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name), 'junction');
    }
    writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
    for (const [name, [code]] of Object.entries(sources)) {
      writeFileSync(
        join(consumer, `${name}.ts`),
        `import { WsCompatibleClient, WebSocketManager, type WebSocketConnection } from '${manifest.name}';
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
    'has typings that compile with skipLibCheck: false under %s, and refuse what cannot be',
    (_name, module, moduleResolution) => {
      const files = Object.keys(sources).map((name) => join(consumer, `${name}.ts`));
      const program = ts.createProgram(files, {
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

  it('has typings that the resolution of old projects finds', () => {
    const { resolvedModule } = ts.resolveModuleName(
      manifest.name,
      join(consumer, 'handlers.ts'),
      { moduleResolution: ts.ModuleResolutionKind.Node10 },
      ts.sys,
    );
    expect(resolvedModule?.resolvedFileName).toMatch(/dist\/index\.d\.ts$/);
  });
});
