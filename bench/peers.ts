import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Load } from './loads.js';

/** A server under test. It runs in a process of its own and logs `Now listening on: <url>`. */
export interface Peer {
  /** What `--peers` takes. */
  readonly name: string;
  readonly title: string;
  /** The program, and its arguments. */
  readonly program: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it echoes. */
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

/** All servers, in the order in which they take turns. */
export const allPeers: readonly Peer[] = [
  {
    name: 'nest-ws-echo',
    title: 'nest-ws-echo',
    program: [program('../src/main.js'), '--urls=http://127.0.0.1:0'],
    path: '/ws',
  },
  { name: 'ws', title: 'ws', program: [program('peers/ws.js')], environment: withoutBufferUtil, path: '/' },
  {
    name: 'ws-bufferutil',
    title: 'ws + bufferutil',
    program: [program('peers/ws.js')],
    path: '/',
    requires: 'bufferutil',
  },
  {
    name: 'nest-raw',
    title: 'stock Nest, raw',
    program: [program('peers/nest-raw.js')],
    environment: withoutBufferUtil,
    path: '/',
  },
  {
    name: 'nest-events',
    title: 'stock Nest, JSON events',
    program: [program('peers/nest-events.js')],
    environment: withoutBufferUtil,
    path: '/',
    takesEvents: true,
  },
];

/** The environment of a peer's process under a load: nothing of the caller's that could change a result. */
export function environmentFor(peer: Peer, load: Load): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    // The name that nest-ws-echo has for it; the other peers take the same.
    ...(load.message.isCompressed ? { COMPRESSION: 'true' } : {}),
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
