import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { CertificateFiles } from './certificate.js';
import type { Target } from './client/connection.js';
import type { Load } from './loads.js';
import type { Suite } from './suites.js';

/** A server under test. It runs in a process of its own and logs `Now listening on: <url>`. */
export interface Peer {
  /** What `--peers` takes. */
  readonly name: string;
  readonly title: string;
  /** The program, and its arguments. */
  readonly program: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly protocol: Target['protocol'];
  /** Where it echoes, or has its room. */
  readonly path: string;
  /** It echoes events only: `{"event":"echo","data":"..."}`. Binary messages then become text of the same length. */
  readonly takesEvents?: boolean;
  /** A package that must be installed. */
  readonly requires?: string;
}

/** What all others are compared with. */
export const baseline = 'ws';

const program = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// The prebuilt `bufferutil` is an optional dependency of this project; neither `ws` nor Nest brings it.
const withoutBufferUtil = { WS_NO_BUFFER_UTIL: '1' };

const nestWsEcho = (scheme: 'http' | 'https') => ({
  name: 'nest-ws-echo',
  program: [program('../src/main.js'), `--urls=${scheme}://127.0.0.1:0`],
  path: '/ws',
});
const bareWs = { name: baseline, program: [program('peers/ws.js')], environment: withoutBufferUtil, path: '/' };
const wsWithBufferUtil = {
  name: 'ws-bufferutil',
  program: [program('peers/ws.js')],
  path: '/',
  requires: 'bufferutil',
};
const stockNest = { environment: withoutBufferUtil, protocol: 'http', path: '/' } as const;

/** The servers of each suite, in the order in which they take turns. */
export const peersOf: Readonly<Record<Suite, readonly Peer[]>> = {
  http: [
    { ...nestWsEcho('http'), title: 'nest-ws-echo', protocol: 'http' },
    { ...bareWs, title: 'ws', protocol: 'http' },
    { ...wsWithBufferUtil, title: 'ws + bufferutil', protocol: 'http' },
    { ...stockNest, name: 'nest-raw', title: 'stock Nest, raw', program: [program('peers/nest-raw.js')] },
    {
      ...stockNest,
      name: 'nest-events',
      title: 'stock Nest, JSON events',
      program: [program('peers/nest-events.js')],
      takesEvents: true,
    },
  ],
  https: [
    { ...nestWsEcho('https'), title: 'nest-ws-echo, HTTP/1.1', protocol: 'https' },
    {
      ...nestWsEcho('https'),
      name: 'nest-ws-echo-h2',
      title: 'nest-ws-echo, HTTP/2',
      environment: { HTTP2: 'true' }, // before Node.js 24 it is off by default
      protocol: 'h2',
    },
    { ...bareWs, title: 'ws, HTTP/1.1', protocol: 'https' },
    { ...wsWithBufferUtil, title: 'ws + bufferutil, HTTP/1.1', protocol: 'https' },
  ],
  broadcast: [
    { ...nestWsEcho('http'), title: 'nest-ws-echo', protocol: 'http', path: '/background/bench' },
    { ...bareWs, title: 'ws', program: [program('peers/ws-broadcast.js')], protocol: 'http' },
  ],
};

/**
 * The environment of a peer's process under a load: nothing of the caller's that could change a result. The names are
 * those that nest-ws-echo has; the other peers take the same.
 */
export function environmentFor(peer: Peer, load: Load, certificate?: CertificateFiles): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    ...(load.message.isCompressed ? { COMPRESSION: 'true' } : {}),
    ...(certificate ? { TLS_CERT: certificate.cert, TLS_KEY: certificate.key } : {}),
    ...peer.environment,
  };
}

export function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(packageName);
    return true;
  } catch {
    return false;
  }
}
