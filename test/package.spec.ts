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
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
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
    devDependencies: versions,
  })
  .parse(readJson('package.json'));

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** The files behind one entry of `exports`. */
function pathsOf(target: string | Record<string, string>): string[] {
  return typeof target === 'string' ? [target] : Object.values(target);
}

/** The names of the packages that a folder's files import; what Node.js brings is none. */
function packagesImportedBy(folder: string): string[] {
  const specifiers = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => ts.preProcessFile(readFileSync(join(root, folder, path), 'utf8'), true, true).importedFiles)
    .map(({ fileName }) => fileName)
    .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier));
  return [...new Set(specifiers.map((path) => path.split('/', path.startsWith('@') ? 2 : 1).join('/')))].toSorted();
}

describe('what package.json exports', () => {
  const library = z.object({ types: z.string(), default: z.string() }).parse(manifest.exports['./websockets']);

  it.each(Object.entries(manifest.exports))('has %s where it says', (_, target) => {
    expect(pathsOf(target).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('has typings next to the code', () => {
    expect(library.types).toBe(library.default.replace(/\.js$/, '.d.ts'));
  });

  it('loads in plain Node.js, with the values that the source exports', () => {
    const script = `import * as library from '${manifest.name}/websockets'; console.log(JSON.stringify(Object.keys(library)))`;
    const names: unknown = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: root, encoding: 'utf8' }),
    );
    const values = exportsOf(join(root, 'src/websockets/index.ts')).filter(({ isValue }) => isValue);
    expect(names).toEqual(values.map(({ name }) => name).toSorted());
  });

  it('explains every public name in the typings', () => {
    const silent = exportsOf(join(root, library.types)).filter(({ documentation }) => documentation === '');
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});

/** What a TypeScript file exports, under which name, and what its TSDoc says. */
function exportsOf(path: string): { name: string; isValue: boolean; documentation: string }[] {
  const program = ts.createProgram([path], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path)!);
  return (module ? checker.getExportsOfModule(module) : []).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return {
      name: symbol.name,
      isValue:
        (target.flags & ts.SymbolFlags.Value) !== 0 && !symbol.declarations?.some(ts.isTypeOnlyExportDeclaration),
      documentation: ts.displayPartsToString(target.getDocumentationComment(checker)),
    };
  });
}

describe('what npm publishes', () => {
  it('is what the build writes, with the readme and the license, and it holds all that package.json exports', () => {
    const [{ files }] = z
      .tuple([z.object({ files: z.array(z.object({ path: z.string() })) })])
      .parse(JSON.parse(execFileSync('npm pack --dry-run --json', { cwd: root, shell: true, encoding: 'utf8' })));
    const paths = files.map(({ path }) => `./${path}`);
    expect(paths.filter((path) => !/^\.\/dist\/(src|client)\//.test(path)).toSorted()).toEqual([
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
        `import { MessageClient, WebSocketManager, type WebSocketConnection } from '${manifest.name}/websockets';
         export declare const webSocket: WebSocketConnection;
         export declare const client: MessageClient;
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
      `${manifest.name}/websockets`,
      join(consumer, 'handlers.ts'),
      { moduleResolution: ts.ModuleResolutionKind.Node10 },
      ts.sys,
    );
    expect(resolvedModule?.resolvedFileName).toMatch(/websockets\/index\.d\.ts$/);
  });
});

describe('the dependencies', () => {
  const production = Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  });

  it.each(['src', 'client/console'].filter((folder) => existsSync(join(root, folder))))(
    'that %s imports are installed in production',
    (folder) => {
      expect(packagesImportedBy(folder).filter((name) => ![...production, manifest.name].includes(name))).toEqual([]);
    },
  );

  it.each([...production, ...Object.keys(manifest.devDependencies)])(
    'include %s, which runs on Node.js 20.19',
    (name) => {
      // An optional dependency may be absent where it cannot be installed.
      if (!existsSync(join(root, 'node_modules', name)) && name in manifest.optionalDependencies) return;
      const { engines } = z
        .object({ engines: z.object({ node: z.string().optional() }).optional() })
        .parse(readJson(`node_modules/${name}/package.json`));
      expect(allows(engines?.node ?? '>=0', [20, 19, 0])).toBe(true);
    },
  );

  it.each([
    ['>=20', true],
    ['>= 20.11', true],
    ['>=20.19.0', true],
    ['>=20.19.1', false],
    ['>=22', false],
    ['^20.0.0', true],
    ['^18.14.0 || ^20.19.0 || >=22.12.0', true],
    ['^20.20.0 || >=22.12.0', false],
    ['^18.14.0 || ^22.0.0 || >=24.0.0', false],
  ])('are understood: engines of %s allow Node.js 20.19: %s', (range, allowed) => {
    expect(allows(range, [20, 19, 0])).toBe(allowed);
  });
});

/** Whether `engines` allow a version. Only the forms that dependencies use are known; another one throws. */
function allows(range: string, version: readonly number[]): boolean {
  return range.split('||').some((alternative) => {
    const [, operator, ...digits] = /^(\^|>=) ?(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(alternative.trim()) ?? [];
    if (operator === undefined) throw new Error(`Teach this test what engines of "${range}" mean.`);
    const least = digits.map((part) => Number(part ?? 0));
    const difference = least.map((part, index) => version[index] - part).find((order) => order !== 0) ?? 0;
    return difference >= 0 && (operator === '>=' || least[0] === version[0]);
  });
}

describe('the license', () => {
  it('is the one that package.json names', () => {
    expect(manifest.license).toBe('MIT');
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).toMatch(/^MIT License\n/);
  });
});
