import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A part of the project, and what its files may import: from the other parts, from Node.js, from packages. */
interface Layer {
  name: string;
  files: RegExp;
  /** Names of layers; `self` is the folder that the layer's pattern names, so that one feature is not another. */
  mayImport: readonly string[];
  node: boolean;
  packages: 'any' | readonly string[];
}

/** From the top of the arrows to the bottom; the first pattern that fits a file is its layer. */
const layers: readonly Layer[] = [
  {
    // Names the commands and loads the one that is wanted, so it has nothing else to load itself.
    name: 'main',
    files: /^src\/main\.ts$/,
    mayImport: ['serve', 'the console client'],
    node: true,
    packages: ['commander'],
  },
  {
    name: 'serve',
    files: /^src\/serve\.ts$/,
    mayImport: ['create-app', 'hosting', 'config', 'a feature', 'the public library'],
    node: true,
    packages: 'any',
  },
  {
    name: 'create-app',
    files: /^src\/create-app\.ts$/,
    mayImport: ['app.module', 'hosting', 'config', 'a feature', 'the public library'],
    node: true,
    packages: 'any',
  },
  {
    name: 'app.module',
    files: /^src\/app\.module\.ts$/,
    mayImport: ['hosting', 'config', 'a feature', 'the public library'],
    node: true,
    packages: 'any',
  },
  {
    // How the application meets its process and its sockets: where it listens, when it leaves.
    name: 'hosting',
    files: /^src\/(listen|close-on-signals|http-drain)\.ts$/,
    mayImport: ['TLS', 'config', 'the public library'],
    node: true,
    packages: 'any',
  },
  {
    // Its listeners and its certificate, for the application that listens there.
    name: 'TLS',
    files: /^src\/tls\//,
    mayImport: ['self'],
    node: true,
    packages: 'any',
  },
  {
    name: 'config',
    files: /^src\/config\//,
    mayImport: ['self', 'the public library'],
    node: true,
    packages: 'any',
  },
  {
    // Pure code: bytes in, fragments out. ws is here for permessage-deflate, bufferutil for unmasking in native code.
    name: 'the protocol',
    files: /^src\/websockets\/protocol\//,
    mayImport: ['self'],
    node: true,
    packages: ['ws', 'bufferutil'],
  },
  {
    name: 'the public library',
    files: /^src\/websockets\/index\.ts$/,
    mayImport: ['the inner library', 'the protocol'],
    node: true,
    packages: 'any',
  },
  {
    name: 'the inner library',
    files: /^src\/websockets\//,
    mayImport: ['self', 'the protocol'],
    node: true,
    packages: 'any',
  },
  {
    // Options reach a feature by injection, so it needs neither config nor its neighbours.
    name: 'a feature',
    files: /^src\/[^/]+\//,
    mayImport: ['self', 'the public library'],
    node: true,
    packages: 'any',
  },
  {
    // Served to browsers as it is, with no bundler: only what a browser can load from the same folder.
    name: 'the page',
    files: /^client\/page\//,
    mayImport: ['self'],
    node: false,
    packages: [],
  },
  {
    // It starts at once, because none of this is large.
    name: 'the console client',
    files: /^client\/console\//,
    mayImport: ['self'],
    node: true,
    packages: ['commander', 'ws', 'cli-progress'],
  },
];

const drawers = ['util', 'utils', 'common', 'helper', 'helpers', 'shared', 'misc'];

function layerOf(path: string): Layer | undefined {
  return layers.find(({ files }) => files.test(path));
}

/** The file that a specifier leads to, or undefined when it names a package or a part of Node.js. */
function target(from: string, specifier: string): string | undefined {
  if (specifier === 'nest-ws-echo/websockets') return 'src/websockets/index.ts';
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(dirname(from), specifier).replace(/\.js$/, '.ts');
}

function isAllowed(from: string, layer: Layer, specifier: string): boolean {
  const to = target(from, specifier);
  if (to !== undefined) {
    const reached = layerOf(to);
    if (reached !== layer) return reached !== undefined && layer.mayImport.includes(reached.name);
    return layer.mayImport.includes('self') && layer.files.exec(to)?.[0] === layer.files.exec(from)?.[0];
  }
  if (isBuiltin(specifier)) return layer.node;
  const packageName = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return layer.packages === 'any' || layer.packages.includes(packageName);
}

/** What is wrong with the imports of one file, one sentence each. */
function violations(path: string, source: string): string[] {
  const layer = layerOf(path);
  if (!layer) return [`${path} is in no layer: give it a feature's folder, or add a layer to this test`];
  return ts
    .preProcessFile(source, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => !isAllowed(path, layer, specifier))
    .map((specifier) => `${path} may not import ${specifier}: it belongs to ${layer.name}`);
}

function filesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

function isInDrawer(path: string): boolean {
  return path.split('/').some((part) => drawers.includes(part.split('.')[0].toLowerCase()));
}

describe('the import arrows', () => {
  const sources = ['src', 'client'].flatMap(filesIn).filter((path) => path.endsWith('.ts'));

  it.each(sources)('are kept by %s', (path) => {
    expect(violations(path, readFileSync(join(root, path), 'utf8'))).toEqual([]);
  });

  it.each([
    ['src/main.ts', './serve.js'],
    ['src/main.ts', '../client/console/command.js'],
    ['src/main.ts', 'commander'],
    ['src/serve.ts', './create-app.js'],
    ['src/serve.ts', './config/environment.js'],
    ['src/serve.ts', './listen.js'],
    ['src/create-app.ts', './app.module.js'],
    ['src/create-app.ts', './websockets/index.js'],
    ['src/app.module.ts', './echo/echo.module.js'],
    ['src/echo/echo.gateway.ts', './echo.js'],
    ['src/echo/echo.gateway.ts', '../websockets/index.js'],
    ['src/echo/echo.gateway.ts', 'nest-ws-echo/websockets'],
    ['src/echo/echo.gateway.ts', '@nestjs/common'],
    ['src/websockets/index.ts', './protocol/close-status.js'],
    ['src/websockets/adapter/deep.ts', '../protocol/parser.js'],
    ['src/websockets/adapter.ts', './connection.js'],
    ['src/websockets/adapter.ts', '@nestjs/platform-ws'],
    ['src/websockets/protocol/deflate/inflate.ts', '../frame.js'],
    ['src/websockets/protocol/deflate/inflate.ts', 'ws/lib/permessage-deflate.js'],
    ['src/websockets/protocol/mask.ts', 'bufferutil'],
    ['src/websockets/protocol/mask.ts', 'node:buffer'],
    ['client/page/app.ts', './log.js'],
    ['client/console/main.ts', 'ws'],
    ['client/console/main.ts', 'node:readline'],
  ])('let %s import %s', (path, specifier) => {
    expect(violations(path, `import { x } from '${specifier}';`)).toEqual([]);
  });

  it.each([
    ['src/main.ts', './create-app.js'],
    ['src/main.ts', '../client/page/log.js'],
    ['src/main.ts', '@nestjs/core'],
    ['src/serve.ts', '../client/console/command.js'],
    ['src/create-app.ts', './main.js'],
    ['src/listen.ts', './create-app.js'],
    ['src/app.module.ts', './create-app.js'],
    ['src/app.module.ts', './websockets/adapter.js'],
    ['src/config/environment.ts', '../echo/echo.js'],
    ['src/echo/echo.gateway.ts', '../sockets/sockets.controller.js'],
    ['src/echo/echo.gateway.ts', '../config/environment.js'],
    ['src/echo/echo.gateway.ts', '../app.module.js'],
    ['src/echo/echo.gateway.ts', '../websockets/connection.js'],
    ['src/echo/echo.gateway.ts', '../websockets/protocol/frame.js'],
    ['src/echo/echo.gateway.ts', '../../client/page/app.js'],
    ['src/websockets/adapter.ts', './index.js'],
    ['src/websockets/adapter.ts', '../echo/echo.js'],
    ['src/websockets/adapter.ts', '../config/environment.js'],
    ['src/websockets/protocol/frame.ts', '../connection.js'],
    ['src/websockets/protocol/frame.ts', '@nestjs/common'],
    ['src/websockets/protocol/frame.ts', 'wsx'],
    ['client/page/app.ts', '../console/main.js'],
    ['client/page/app.ts', '../../src/websockets/index.js'],
    ['client/page/app.ts', 'node:buffer'],
    ['client/page/app.ts', 'buffer'],
    ['client/page/app.ts', 'ws'],
    ['client/console/main.ts', '../page/log.js'],
    ['client/console/main.ts', '../../src/websockets/index.js'],
    ['client/console/main.ts', 'nest-ws-echo/websockets'],
    ['client/console/main.ts', '@nestjs/common'],
    ['src/loose.ts', 'ws'],
  ])('do not let %s import %s', (path, specifier) => {
    expect(violations(path, `import { x } from '${specifier}';`)).toHaveLength(1);
  });

  it.each([
    `import type { X } from '../config/environment.js';`,
    `import '../config/environment.js';`,
    `export { x } from '../config/environment.js';`,
    `export * from '../config/environment.js';`,
    `const config = await import('../config/environment.js');`,
    `type X = import('../config/environment.js').X;`,
    `import config = require('../config/environment.js');`,
    `const config = require('../config/environment.js');`,
  ])('see %s', (source) => {
    expect(violations('src/echo/echo.ts', source)).toHaveLength(1);
  });

  it('are not deceived by a comment or a string that looks like an import', () => {
    expect(violations('src/echo/echo.ts', `// import '../main.js';\nconst text = "import '../main.js'";`)).toEqual([]);
  });
});

describe('the names of files and folders', () => {
  it('say what is inside: there are no drawers', () => {
    expect(['src', 'client', 'test', 'bench', 'scripts'].flatMap(filesIn).filter(isInDrawer)).toEqual([]);
  });

  it.each(['src/utils/frame.ts', 'src/echo/helpers.ts', 'client/page/Common.ts', 'test/shared/x.ts'])(
    'would not pass with %s',
    (path) => {
      expect(isInDrawer(path)).toBe(true);
    },
  );
});

describe('the public names of the library', () => {
  /** Every name that src/websockets/index.ts exports. To add one is to promise it to users: list it here on purpose. */
  const publicNames = [
    'BinaryType',
    'ClientEvent',
    'EventListener',
    'EventListenerObject',
    'Fragment',
    'FragmentHandler',
    'GatewayServer',
    'HandleProtocols',
    'MessageClient',
    'PreparedMessage',
    'RawWebSocketGateway',
    'VerifyClient',
    'VerifyClientCallback',
    'VerifyClientInfo',
    'WebSocketAcceptOptions',
    'WebSocketCloseResult',
    'WebSocketCloseStatus',
    'WebSocketClosed',
    'WebSocketConnection',
    'WebSocketConnectionOptions',
    'WebSocketConnections',
    'WebSocketData',
    'WebSocketError',
    'WebSocketErrorCode',
    'WebSocketManager',
    'WebSocketMessage',
    'WebSocketMessageType',
    'WebSocketOptions',
    'WebSocketSendOptions',
    'WebSocketState',
    'WebSocketTotals',
    'WebSockets',
    'WebSocketsAdapter',
    'WebSocketsModule',
    'WebSocketsModuleAsyncOptions',
    'tuneForLargeMessages',
    'useWebSockets',
  ];

  it('are these and no others', () => {
    const index = join(root, 'src/websockets/index.ts');
    const { options } = ts.convertCompilerOptionsFromJson(
      ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config.compilerOptions,
      root,
    );
    // No ambient types: names are wanted, not a type check.
    const program = ts.createProgram([index], { ...options, types: [] });
    const checker = program.getTypeChecker();
    const module = checker.getSymbolAtLocation(program.getSourceFile(index)!);
    const names = module ? checker.getExportsOfModule(module).map(({ name }) => name) : [];
    expect(names.toSorted()).toEqual(publicNames.toSorted());
  });
});
