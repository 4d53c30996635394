/** What the messages of a load are made of. */
export interface MessageShape {
  /** In bytes. */
  readonly size: number;
  readonly content: 'text' | 'utf8' | 'binary';
  /** In bytes; without it, a message is one frame. */
  readonly fragmentSize?: number;
  /** Whether permessage-deflate is offered and used. */
  readonly isCompressed?: boolean;
}

interface LoadBase {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  readonly message: MessageShape;
}

/** Every connection keeps as many messages on their way as `inFlight` says. */
export interface EchoLoad extends LoadBase {
  readonly kind: 'echo';
  readonly connections: number;
  readonly inFlight: number;
}

/** One message on one connection, then another one. */
export interface LargeMessageLoad extends LoadBase {
  readonly kind: 'large-message';
}

/** Connects, shakes hands, closes, and starts again, `connections` at a time. */
export interface HandshakeLoad extends LoadBase {
  readonly kind: 'handshakes';
  readonly connections: number;
}

/** Connections that have echoed one message each and are then silent. */
export interface IdleLoad extends LoadBase {
  readonly kind: 'idle';
  readonly connections: number;
}

/** A client that sends messages and reads nothing, then reads all that there is. */
export interface SlowReaderLoad extends LoadBase {
  readonly kind: 'slow-reader';
  readonly messages: number;
}

export type Load = EchoLoad | LargeMessageLoad | HandshakeLoad | IdleLoad | SlowReaderLoad;

const KiB = 1024;
const MiB = 1024 * KiB;

const smallText: MessageShape = { size: 32, content: 'text' };

/** All loads, in the order in which they run. */
export const allLoads: readonly Load[] = [
  {
    kind: 'echo',
    name: 'pipelined',
    title: '32 B text, 64 connections, 32 in flight',
    connections: 64,
    inFlight: 32,
    message: smallText,
  },
  {
    kind: 'echo',
    name: 'ping-pong',
    title: '32 B text, 64 connections, 1 in flight',
    connections: 64,
    inFlight: 1,
    message: smallText,
  },
  {
    kind: 'echo',
    name: '1k',
    title: '1 KiB binary, 64 connections, 4 in flight',
    connections: 64,
    inFlight: 4,
    message: { size: KiB, content: 'binary' },
  },
  {
    kind: 'echo',
    name: '1k-utf8',
    title: '1 KiB UTF-8 text, 64 connections, 4 in flight',
    connections: 64,
    inFlight: 4,
    message: { size: KiB, content: 'utf8' },
  },
  {
    kind: 'echo',
    name: '64k',
    title: '64 KiB binary, 8 connections',
    connections: 8,
    inFlight: 1,
    message: { size: 64 * KiB, content: 'binary' },
  },
  {
    kind: 'echo',
    name: '1m',
    title: '1 MiB binary, 4 connections',
    connections: 4,
    inFlight: 1,
    message: { size: MiB, content: 'binary' },
  },
  {
    kind: 'echo',
    name: 'fragments',
    title: '16 KiB in fragments of 64 B, 8 connections',
    connections: 8,
    inFlight: 1,
    message: { size: 16 * KiB, content: 'binary', fragmentSize: 64 },
  },
  {
    kind: 'echo',
    name: '1k-compressed',
    title: '1 KiB text compressed, 64 connections, 4 in flight',
    connections: 64,
    inFlight: 4,
    message: { size: KiB, content: 'text', isCompressed: true },
  },
  {
    kind: 'echo',
    name: '64k-compressed',
    title: '64 KiB text compressed, 8 connections',
    connections: 8,
    inFlight: 1,
    message: { size: 64 * KiB, content: 'text', isCompressed: true },
  },
  {
    kind: 'large-message',
    name: '64m',
    title: '64 MiB binary, 1 connection',
    message: { size: 64 * MiB, content: 'binary' },
  },
  {
    kind: 'handshakes',
    name: 'handshakes',
    title: 'handshake and close, 8 at a time',
    connections: 8,
    message: smallText,
  },
  idle(5000),
  slowReader(128),
];

/** The same loads, small enough for a smoke run. */
export const quickLoads: readonly Load[] = allLoads.map((load) => {
  switch (load.kind) {
    case 'idle':
      return idle(500);
    case 'slow-reader':
      return slowReader(32);
    default:
      return load;
  }
});

/** The load, or as much of it as a process can bear that may have so many files open. */
export function withinLimit(load: Load, openFiles: number): Load {
  // What Node.js itself has open is far less.
  const most = openFiles - 100;
  return load.kind === 'idle' && load.connections > most ? idle(most) : load;
}

function idle(connections: number): IdleLoad {
  return {
    kind: 'idle',
    name: 'idle',
    title: `${connections.toLocaleString('en')} idle connections`,
    connections,
    message: smallText,
  };
}

function slowReader(mebibytes: number): SlowReaderLoad {
  return {
    kind: 'slow-reader',
    name: 'slow-reader',
    title: `${mebibytes} MiB to a client that does not read`,
    messages: mebibytes * 16,
    message: { size: 64 * KiB, content: 'binary' },
  };
}
