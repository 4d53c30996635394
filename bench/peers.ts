import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { developmentCertificate } from '../src/listening/development-certificate.js';
import type { Transport } from './load/connection.js';
import type { Load } from './loads.js';

/** How to start a server. It listens on a free port of 127.0.0.1 and prints `Now listening on: <url>`. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Peer {
  /** The name for `--peers`. */
  readonly name: string;
  readonly title: string;
  /** The path of the echo. */
  readonly path: string;
  /** A server with a room at `/room`, if the peer takes part in broadcasts. */
  readonly room?: Command;
  readonly transports: readonly Transport[];
  /** Builds the server if it must be built. @throws UnavailableError */
  command(): Promise<Command>;
}

/** The peer is not on this machine; the message says how to get it. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** All peers are compared with this one. */
export const baseline = 'ws';

/** The root of the project, seen from dist/bench. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** Holds what is built or installed for the benchmark. */
const cache = join(root, 'node_modules/.cache/bench');
const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const node = (...args: string[]): Command => ({ file: process.execPath, args });
// `bufferutil` is a dependency of this project. Neither `ws` nor Nest installs it.
const nodeWithoutBufferUtil = (...args: string[]): Command => ({
  ...node(...args),
  environment: { WS_NO_BUFFER_UTIL: '1' },
});

/** All peers, in the order of the tables. */
export const peers: readonly Peer[] = [
  {
    name: 'nest-ws-echo',
    title: 'nest-ws-echo',
    path: '/ws',
    room: node(built('peers/nest-room.js')),
    transports: ['http', 'https', 'h2'],
    command: async () => node(built('../src/main.js')),
  },
  {
    name: baseline,
    title: 'ws',
    path: '/',
    room: nodeWithoutBufferUtil(built('peers/ws.js')),
    transports: ['http', 'https'],
    command: async () => nodeWithoutBufferUtil(built('peers/ws.js')),
  },
  {
    name: 'ws-bufferutil',
    title: 'ws + bufferutil',
    path: '/',
    transports: ['http', 'https'],
    command: async () => {
      if (!isInstalled('bufferutil')) {
        throw new UnavailableError('npm install bufferutil');
      }
      return node(built('peers/ws.js'));
    },
  },
  {
    name: 'nest-stock',
    title: 'stock Nest',
    path: '/',
    transports: ['http'],
    command: async () => nodeWithoutBufferUtil(built('peers/nest-stock.js')),
  },
  { name: 'kestrel', title: 'Kestrel', path: '/', transports: ['http'], command: buildKestrel },
  { name: 'gorilla', title: 'gorilla', path: '/', transports: ['http'], command: buildGorilla },
  {
    name: 'bun',
    title: 'Bun',
    path: '/',
    transports: ['http'],
    command: async () => ({ file: await fromNpm('bun'), args: [source('bun.js')] }),
  },
  {
    name: 'deno',
    title: 'Deno',
    path: '/',
    transports: ['http'],
    command: async () => ({
      file: await fromNpm('deno'),
      args: ['run', '--no-config', '--allow-net', source('deno.js')],
    }),
  },
];

/** The environment of a peer's process. Nothing of the caller's that could change a result is passed on. */
export async function peerEnvironment(load: Load, transport: Transport): Promise<Record<string, string>> {
  const scheme = transport === 'http' ? 'http' : 'https';
  const tls = scheme === 'https' ? { ...(await certificate()), HTTP2: 'true' } : {};
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    NODE_ENV: 'production',
    URLS: `${scheme}://127.0.0.1:0`,
    ...(load.message.isCompressed ? { COMPRESSION: 'true' } : {}),
    ...tls,
  };
}

/** One certificate for all servers. */
async function certificate(): Promise<Record<string, string>> {
  const { path } = await developmentCertificate(cache);
  if (path === undefined) {
    throw new Error(`No certificate can be written to ${cache}.`);
  }
  return { TLS_CERT: path, TLS_KEY: join(dirname(path), 'localhost.key') };
}

/** The file in the sources of a peer that is not TypeScript of this project. */
function source(path: string): string {
  return join(root, 'bench/peers', path);
}

async function buildKestrel(): Promise<Command> {
  const output = join(cache, 'kestrel');
  const project = source('kestrel/Kestrel.csproj');
  const intermediate = `-p:BaseIntermediateOutputPath=${join(cache, 'kestrel-obj')}/`;
  await run('dotnet', ['build', project, '-c', 'Release', '-o', output, intermediate], 'install the .NET 10 SDK');
  return { file: 'dotnet', args: [join(output, 'Kestrel.dll')], environment: { DOTNET_NOLOGO: '1' } };
}

/** Takes the module from the module proxy, or the package of Debian where there is no proxy. */
async function buildGorilla(): Promise<Command> {
  const output = join(cache, 'gorilla');
  const build = (environment: Record<string, string>): Promise<void> =>
    run('go', ['build', '-o', output, '.'], 'install Go, and apt-get install golang-github-gorilla-websocket-dev', {
      cwd: source('gorilla'),
      env: { ...process.env, ...environment },
    });
  await build({}).catch(() => build({ GO111MODULE: 'off', GOPATH: '/usr/share/gocode' }));
  return { file: output, args: [] };
}

/** The runtime on PATH, or the one that `installFromNpm` has installed. */
async function fromNpm(name: 'bun' | 'deno'): Promise<string> {
  const installed = join(cache, 'node_modules/.bin', name);
  if (existsSync(installed)) {
    return installed;
  }
  await run(name, ['--version'], `install it, or run "npm run bench -- --install" once to get it from npm`);
  return name;
}

/** Installs Bun and Deno into the cache. They are too large to be dependencies of the project. */
export async function installFromNpm(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const options = ['--no-audit', '--no-fund', '--no-save', '--prefix', cache];
  await run('npm', ['install', ...options, 'bun', 'deno'], 'npm install bun deno', {
    shell: process.platform === 'win32',
  });
}

/** @throws UnavailableError with `remedy` if the program is absent or fails */
async function run(file: string, args: readonly string[], remedy: string, options = {}): Promise<void> {
  try {
    await promisify(execFile)(file, args, options);
  } catch (error) {
    throw new UnavailableError(remedy, { cause: error });
  }
}

function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(packageName);
    return true;
  } catch {
    return false;
  }
}
