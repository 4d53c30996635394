import type { Transport } from './load/connection.js';
import type { MessageShape } from './load/messages.js';

/** The figures that are compared. Less is better for each of them. */
export type FigureName = 'cpu' | 'p50' | 'peakMemory' | 'memoryPerConnection' | 'memoryGrowth';

export interface Load {
  /** The name for `--loads`. */
  readonly name: string;
  readonly title: string;
  /**
   * - `echo`: each connection keeps `inFlight` messages in flight.
   * - `handshakes`: `connections` at a time connect, do the handshake, and close.
   * - `idle`: connections that have echoed one message each.
   * - `unread`: a client sends `inFlight` messages without reading, and then reads the echoes.
   * - `broadcast`: one member of a room keeps `inFlight` messages in flight, and all members receive them.
   */
  readonly kind: 'echo' | 'handshakes' | 'idle' | 'unread' | 'broadcast';
  readonly transport: Transport;
  readonly connections: number;
  readonly inFlight: number;
  readonly message: MessageShape;
  /** Each figure is a row of the tables. */
  readonly figures: readonly FigureName[];
}

const KiB = 1024;
const MiB = 1024 * KiB;

const smallText: MessageShape = { size: 32, content: 'text' };
const binary = (size: number): MessageShape => ({ size, content: 'binary' });

function load(name: string, title: string, options: Partial<Load> & Pick<Load, 'message' | 'connections'>): Load {
  return { name, title, kind: 'echo', transport: 'http', inFlight: 1, figures: ['cpu'], ...options };
}

const pipelined = load('pipelined', '32 B text, 64 connections, 32 in flight', {
  connections: 64,
  inFlight: 32,
  message: smallText,
});
const oneKiB = load('1k', '1 KiB, 64 connections, 4 in flight', {
  connections: 64,
  inFlight: 4,
  message: binary(KiB),
});
const sixtyFourKiB = load('64k', '64 KiB, 8 connections', { connections: 8, message: binary(64 * KiB) });
const handshakes = load('handshakes', 'handshake and close', {
  kind: 'handshakes',
  connections: 8,
  message: smallText,
});

/** All loads, in the order in which they run. */
export const loads: readonly Load[] = [
  pipelined,
  load('ping-pong', '32 B text, 64 connections, 1 in flight', {
    connections: 64,
    message: smallText,
    figures: ['cpu', 'p50'],
  }),
  load('ping-pong-512', '32 B text, 512 connections, 1 in flight', { connections: 512, message: smallText }),
  oneKiB,
  {
    ...oneKiB,
    name: '1k-utf8',
    title: '1 KiB UTF-8 text, 64 connections, 4 in flight',
    message: { size: KiB, content: 'utf8' },
  },
  sixtyFourKiB,
  load('1m', '1 MiB, 4 connections', { connections: 4, message: binary(MiB) }),
  load('fragments', '16 KiB in 64-byte fragments, 8 connections', {
    connections: 8,
    message: { ...binary(16 * KiB), fragmentSize: 64 },
  }),
  load('64m', '64 MiB message', { connections: 1, message: binary(64 * MiB), figures: ['cpu', 'peakMemory'] }),
  handshakes,
  load('1k-compressed', '1 KiB JSON text compressed, 64 connections, 4 in flight', {
    connections: 64,
    inFlight: 4,
    message: { size: KiB, content: 'json', isCompressed: true },
  }),
  load('64k-compressed', '64 KiB text compressed, 8 connections', {
    connections: 8,
    message: { size: 64 * KiB, content: 'text', isCompressed: true },
  }),
  load('idle', '5,000 idle connections', {
    kind: 'idle',
    connections: 5000,
    message: smallText,
    figures: ['memoryPerConnection'],
  }),
  load('unread', '128 MiB to a client that does not read', {
    kind: 'unread',
    connections: 1,
    inFlight: 2048,
    message: binary(64 * KiB),
    figures: ['memoryGrowth'],
  }),
  load('broadcast', '64 B text to 1,000 connections', {
    kind: 'broadcast',
    connections: 1000,
    inFlight: 8,
    message: { size: 64, content: 'text' },
  }),
  ...[pipelined, sixtyFourKiB, handshakes].map((plain) => over('https', 'TLS', plain)),
  ...[pipelined, sixtyFourKiB].map((plain) => over('h2', 'HTTP/2', plain)),
];

function over(transport: Transport, title: string, plain: Load): Load {
  return { ...plain, transport, name: `${transport}-${plain.name}`, title: `${title}: ${plain.title}` };
}
