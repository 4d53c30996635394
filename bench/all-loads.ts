import type {
  BroadcastLoad,
  EchoLoad,
  HandshakeLoad,
  IdleLoad,
  Load,
  MessageShape,
  SlowReaderLoad,
  StuckReadersLoad,
} from './loads.js';

const KiB = 1024;
const MiB = 1024 * KiB;

const smallText: MessageShape = { size: 32, content: 'text' };

const pipelined: EchoLoad = {
  suite: 'http',
  kind: 'echo',
  name: 'pipelined',
  title: '32 B text, 64 connections, 32 in flight',
  connections: 64,
  inFlight: 32,
  message: smallText,
};
const pingPong: EchoLoad = {
  suite: 'http',
  kind: 'echo',
  name: 'ping-pong',
  title: '32 B text, 64 connections, 1 in flight',
  connections: 64,
  inFlight: 1,
  message: smallText,
};
const oneKiB: EchoLoad = {
  suite: 'http',
  kind: 'echo',
  name: '1k',
  title: '1 KiB binary, 64 connections, 4 in flight',
  connections: 64,
  inFlight: 4,
  message: { size: KiB, content: 'binary' },
};
const sixtyFourKiB: EchoLoad = {
  suite: 'http',
  kind: 'echo',
  name: '64k',
  title: '64 KiB binary, 8 connections',
  connections: 8,
  inFlight: 1,
  message: { size: 64 * KiB, content: 'binary' },
};
const handshakes: HandshakeLoad = {
  suite: 'http',
  kind: 'handshakes',
  name: 'handshakes',
  title: 'handshake and close, 8 at a time',
  connections: 8,
  message: smallText,
};

/** All loads, in the order in which they run. */
export const allLoads: readonly Load[] = [
  pipelined,
  pingPong,
  oneKiB,
  {
    ...oneKiB,
    name: '1k-utf8',
    title: '1 KiB UTF-8 text, 64 connections, 4 in flight',
    message: { size: KiB, content: 'utf8' },
  },
  sixtyFourKiB,
  {
    ...sixtyFourKiB,
    name: '1m',
    title: '1 MiB binary, 4 connections',
    connections: 4,
    message: { size: MiB, content: 'binary' },
  },
  {
    ...sixtyFourKiB,
    name: 'fragments',
    title: '16 KiB in fragments of 64 B, 8 connections',
    message: { size: 16 * KiB, content: 'binary', fragmentSize: 64 },
  },
  {
    ...oneKiB,
    name: '1k-compressed',
    title: '1 KiB text compressed, 64 connections, 4 in flight',
    message: { size: KiB, content: 'text', isCompressed: true },
  },
  {
    ...sixtyFourKiB,
    name: '64k-compressed',
    title: '64 KiB text compressed, 8 connections',
    message: { size: 64 * KiB, content: 'text', isCompressed: true },
  },
  {
    suite: 'http',
    kind: 'large-message',
    name: '64m',
    title: '64 MiB binary, 1 connection',
    message: { size: 64 * MiB, content: 'binary' },
  },
  handshakes,
  idle(5000),
  slowReader(128),
  ...[pipelined, pingPong, oneKiB, sixtyFourKiB, handshakes].map(overTls),
  broadcast(1000),
  stuckReaders(100),
];

/** The same loads, small enough for a smoke run. */
export const quickLoads: readonly Load[] = allLoads.map((load) => {
  switch (load.kind) {
    case 'idle':
      return idle(500);
    case 'slow-reader':
      return slowReader(32);
    case 'broadcast':
      return broadcast(250);
    case 'stuck-readers':
      return stuckReaders(50);
    default:
      return load;
  }
});

/** The load, or as much of it as a process can bear that may have so many files open. */
export function withinLimit(load: Load, openFiles: number): Load {
  // What Node.js itself has open is far less.
  const most = openFiles - 100;
  if (!('connections' in load) || load.connections <= most) {
    return load;
  }
  switch (load.kind) {
    case 'idle':
      return idle(most);
    case 'broadcast':
      return broadcast(most);
    case 'stuck-readers':
      return stuckReaders(most);
    default:
      return load;
  }
}

function overTls(load: EchoLoad | HandshakeLoad): Load {
  return { ...load, suite: 'https', name: `tls-${load.name}`, title: `TLS: ${load.title}` };
}

function idle(connections: number): IdleLoad {
  return {
    suite: 'http',
    kind: 'idle',
    name: 'idle',
    title: `${connections.toLocaleString('en')} idle connections`,
    connections,
    message: smallText,
  };
}

function slowReader(mebibytes: number): SlowReaderLoad {
  return {
    suite: 'http',
    kind: 'slow-reader',
    name: 'slow-reader',
    title: `${mebibytes} MiB to a client that does not read`,
    messages: mebibytes * 16,
    message: { size: 64 * KiB, content: 'binary' },
  };
}

function broadcast(connections: number): BroadcastLoad {
  return {
    suite: 'broadcast',
    kind: 'broadcast',
    name: 'fan-out',
    title: `64 B text to ${connections.toLocaleString('en')} connections`,
    connections,
    inFlight: 8,
    message: { size: 64, content: 'text' },
  };
}

function stuckReaders(connections: number): StuckReadersLoad {
  const stuck = 10;
  // 32 MiB: far more than the kernel takes for a connection, which is some MiB.
  const messages = 2048;
  return {
    suite: 'broadcast',
    kind: 'stuck-readers',
    name: 'stuck-readers',
    title: `32 MiB to each of ${connections.toLocaleString('en')} connections, ${stuck} of which do not read`,
    connections,
    inFlight: 4,
    stuck,
    messages,
    message: { size: 16 * KiB, content: 'text' },
  };
}
