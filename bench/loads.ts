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

function echo(
  name: string,
  title: string,
  connections: number,
  inFlight: number,
  message: MessageShape,
  figures: readonly FigureName[] = ['cpu'],
): Load {
  return { name, title, kind: 'echo', transport: 'http', connections, inFlight, message, figures };
}

function over(transport: Transport, title: string, plain: Load): Load {
  return { ...plain, transport, name: `${transport}-${plain.name}`, title: `${title}: ${plain.title}` };
}

const pipelined = echo('pipelined', '32 B text, 64 connections, 32 in flight', 64, 32, smallText);
const sixtyFourKiB = echo('64k', '64 KiB, 8 connections', 8, 1, binary(64 * KiB));
const handshakes: Load = { ...echo('handshakes', 'handshake and close', 8, 1, smallText), kind: 'handshakes' };

const utf8: MessageShape = { size: KiB, content: 'utf8' };
const fragments: MessageShape = { ...binary(16 * KiB), fragmentSize: 64 };
const json: MessageShape = { size: KiB, content: 'json', isCompressed: true };
const largeText: MessageShape = { size: 64 * KiB, content: 'text', isCompressed: true };

/** All loads, in the order in which they run. */
export const loads: readonly Load[] = [
  pipelined,
  echo('ping-pong', '32 B text, 64 connections, 1 in flight', 64, 1, smallText, ['cpu', 'p50']),
  echo('ping-pong-512', '32 B text, 512 connections, 1 in flight', 512, 1, smallText),
  echo('1k', '1 KiB, 64 connections, 4 in flight', 64, 4, binary(KiB)),
  echo('1k-utf8', '1 KiB UTF-8 text, 64 connections, 4 in flight', 64, 4, utf8),
  sixtyFourKiB,
  echo('1m', '1 MiB, 4 connections', 4, 1, binary(MiB)),
  echo('fragments', '16 KiB in 64-byte fragments, 8 connections', 8, 1, fragments),
  echo('64m', '64 MiB message', 1, 1, binary(64 * MiB), ['cpu', 'peakMemory']),
  handshakes,
  echo('1k-compressed', '1 KiB JSON text compressed, 64 connections, 4 in flight', 64, 4, json),
  echo('64k-compressed', '64 KiB text compressed, 8 connections', 8, 1, largeText),
  { ...echo('idle', '5,000 idle connections', 5000, 1, smallText, ['memoryPerConnection']), kind: 'idle' },
  {
    ...echo('unread', '128 MiB to a client that does not read', 1, 2048, binary(64 * KiB), ['memoryGrowth']),
    kind: 'unread',
  },
  {
    ...echo('broadcast', '64 B text to 1,000 connections', 1000, 8, { size: 64, content: 'text' }),
    kind: 'broadcast',
  },
  ...[pipelined, sixtyFourKiB, handshakes].map((plain) => over('https', 'TLS', plain)),
  ...[pipelined, sixtyFourKiB].map((plain) => over('h2', 'HTTP/2', plain)),
];
