import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { DeflateParameters } from '../../libs/websockets/src/protocol/permessage-deflate.js';
import { ServerConnection } from '../../libs/websockets/src/connection/server-connection.js';
import { resolveWebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';
import { choices, StallingDuplex, type Choose } from './stalling-duplex.js';

const KIB = 1024;

export const handshake = { path: '/', httpVersion: '1.1', remoteAddress: '' } as const;

/** Handlers as applications write them; all of them echo. */
const handlers: Readonly<Record<string, (connection: ServerConnection, choose: Choose) => Promise<void>>> = {
  'sends each fragment on': async (connection) => {
    await connection.receive((fragment) => connection.send(fragment));
  },
  'sends each fragment on and does not wait': async (connection) => {
    await connection.receive((fragment) => {
      void connection.send(fragment);
    });
  },
  'sends copies': async (connection) => {
    await connection.receive(({ data, type, endOfMessage }) =>
      connection.send(Buffer.from(data), { type, endOfMessage }),
    );
  },
  'takes its time': async (connection, choose) => {
    await connection.receive(async (fragment) => {
      for (let turns = choose(3); turns > 0; turns--) {
        await setImmediate();
      }
      await connection.send(fragment);
    });
  },
  'takes its time now and then': async (connection, choose) => {
    await connection.receive((fragment) => {
      const sent = connection.send(fragment);
      return choose(4) === 0 ? setImmediate().then(() => sent) : sent;
    });
  },
  'collects whole messages': async (connection) => {
    for await (const { type, data } of connection.messages()) {
      await connection.send(data, { type });
    }
  },
};

export const situation = fc.record({
  handler: fc.constantFrom(...Object.keys(handlers)),
  seed: fc.integer(),
  /** Whether the client waits for the server to end the connection. */
  lingers: fc.boolean(),
  receiveBufferSize: fc.constantFrom(1, 100, 4 * KIB, 64 * KIB),
  sendBufferSize: fc.constantFrom(0, 10, KIB, 64 * KIB),
  largestRead: fc.constantFrom(1, 10, KIB, 16 * KIB, 64 * KIB),
  highWaterMark: fc.constantFrom(16, KIB, 16 * KIB),
  /** The size of one more message: large messages are sent by reference and not as copies. */
  large: fc.constantFrom(0, 17 * KIB, 70 * KIB),
});

export type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

/** Upper limit for the messages of a valid stream. */
export const LARGEST_MESSAGE = 71 * KIB;

/** Long streams do not arrive byte by byte, nor are they delivered so: it would take too long. */
export function inReasonableTime(how: Situation, { length }: Buffer): Situation {
  return {
    ...how,
    largestRead: Math.max(how.largestRead, length >> 8),
    receiveBufferSize: Math.max(how.receiveBufferSize, length >> 10),
  };
}

type Interference = (connection: ServerConnection, socket: StallingDuplex, choose: Choose) => void;

/** The events that may happen to a connection at any time. */
export const accidents: Readonly<Record<string, Interference>> = {
  nothing: () => {},
  'the server closes': (connection, _socket, choose) => {
    if (choose(30) === 0) {
      void connection.close(1001, 'Server shutting down');
    }
  },
  'the server aborts': (connection, _socket, choose) => {
    if (choose(50) === 0) {
      connection.abort();
    }
  },
  'the transport fails': (_connection, socket, choose) => {
    if (choose(50) === 0) {
      socket.destroy(new Error('The network is gone.'));
    }
  },
};

/** The outcome of a connection. */
export interface Outcome {
  readonly sent: Buffer;
  readonly mostBuffered: number;
  readonly mostUnread: number;
  readonly closed: Awaited<ServerConnection['closed']>;
  /** The error of the handler, if it failed. */
  readonly failure: unknown;
}

/**
 * Serves a connection with a handler, while the client sends these bytes and eventually ends its half.
 *
 * @param interfere called before each step
 * @param deflate the negotiated parameters, if messages are compressed
 */
export async function serve(
  bytes: Buffer,
  { handler, seed, lingers, largestRead, highWaterMark, receiveBufferSize, sendBufferSize }: Situation,
  interfere: Interference = () => {},
  deflate?: DeflateParameters,
): Promise<Outcome> {
  const choose = choices(seed);
  const socket = new StallingDuplex(bytes, lingers, choose, largestRead, highWaterMark);
  const options = resolveWebSocketOptions({ receiveBufferSize, sendBufferSize, maxMessageSize: KIB * KIB });
  const connection = new ServerConnection(socket, options, handshake, deflate);
  let failure: unknown;
  let isServed = false;
  void handlers[handler](connection, choose)
    .catch((error: unknown) => (failure = error))
    .then(() => connection.close(connection.peerClose?.status, connection.peerClose?.description))
    .then(() => (isServed = true));
  let closed: Outcome['closed'] | undefined;
  void connection.closed.then((how) => (closed = how));

  // Far more steps than bytes and frames, because zlib works on slow background threads.
  for (
    let steps = (50 * bytes.length + 1000) * (deflate === undefined ? 1 : 100);
    closed === undefined || !isServed;
    steps--
  ) {
    if (steps === 0) {
      throw new Error(`It never ended; the connection is ${connection.state}.`);
    }
    interfere(connection, socket, choose);
    for (let events = choose(6); events >= 0; events--) {
      socket.step();
    }
    await setImmediate();
  }
  const { sent, mostBuffered, mostUnread } = socket;
  return { sent, mostBuffered, mostUnread, closed, failure };
}
