import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { WebSocketConnection } from '../../src/websockets/web-socket-connection.js';
import { resolveWebSocketOptions } from '../../src/websockets/web-socket-options.js';
import { WebSocketError } from '../../src/websockets/web-socket-error.js';
import { textOf } from '../conformance/payloads.js';
import { readAnswers, serverClose } from '../conformance/server-frames.js';
import '../conformance/wire-matchers.js';
import { close, text } from '../websockets/protocol/client-frame.js';
import { clientStream, validStream } from './frame-streams.js';
import { PATIENCE, runs } from './runs.js';
import { choices, StallingDuplex, type Choose } from './stalling-duplex.js';
import { errorLine, transcribe } from './transcripts.js';

const KIB = 1024;

const handshake = { path: '/', protocol: 'h1', remoteAddress: '' } as const;

/** What applications do with what they are sent; all of them echo. */
const handlers: Readonly<Record<string, (connection: WebSocketConnection, choose: Choose) => Promise<void>>> = {
  'sends each fragment on': async (connection) => {
    await connection.receive((fragment) => connection.send(fragment));
  },
  'sends each fragment on and does not wait': async (connection) => {
    await connection.receive((fragment) => {
      void connection.send(fragment);
    });
  },
  'sends copies': async (connection) => {
    await connection.receive(({ data, type, endOfMessage }) => connection.send(Buffer.from(data), type, endOfMessage));
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
      await connection.send(data, type);
    }
  },
};

const situation = fc.record({
  handler: fc.constantFrom(...Object.keys(handlers)),
  seed: fc.integer(),
  /** Whether the client waits for the server to end the connection. */
  lingers: fc.boolean(),
  receiveBufferSize: fc.constantFrom(1, 100, 4 * KIB, 64 * KIB),
  sendBufferSize: fc.constantFrom(0, 10, KIB, 64 * KIB),
  largestRead: fc.constantFrom(1, 10, KIB, 16 * KIB, 64 * KIB),
  highWaterMark: fc.constantFrom(16, KIB, 16 * KIB),
  /** The size of one more message: some go out by reference and not as copies. */
  large: fc.constantFrom(0, 17 * KIB, 70 * KIB),
});

type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

/** The largest message of a valid stream is smaller. */
const LARGEST_MESSAGE = 71 * KIB;

/** What is long does not come, or is handed on, byte by byte: that would take as long. */
function inReasonableTime(how: Situation, { length }: Buffer): Situation {
  return {
    ...how,
    largestRead: Math.max(how.largestRead, length >> 8),
    receiveBufferSize: Math.max(how.receiveBufferSize, length >> 10),
  };
}

type Interference = (connection: WebSocketConnection, socket: StallingDuplex, choose: Choose) => void;

/** What may happen to a connection at any time. */
const accidents: Readonly<Record<string, Interference>> = {
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

/** What became of a connection. */
interface Outcome {
  readonly sent: Buffer;
  readonly mostBuffered: number;
  readonly mostUnread: number;
  readonly closed: Awaited<WebSocketConnection['closed']>;
  /** What the handler failed with, if it did. */
  readonly failure: unknown;
}

/**
 * Lets a handler serve a connection whose client sends these bytes and then, sooner or later, ends its half.
 *
 * @param interfere is called before each step
 */
async function serve(
  bytes: Buffer,
  { handler, seed, lingers, largestRead, highWaterMark, receiveBufferSize, sendBufferSize }: Situation,
  interfere: Interference = () => {},
): Promise<Outcome> {
  const choose = choices(seed);
  const socket = new StallingDuplex(bytes, lingers, choose, largestRead, highWaterMark);
  const options = resolveWebSocketOptions({ receiveBufferSize, sendBufferSize, maxMessageSize: KIB * KIB });
  const connection = new WebSocketConnection(socket, options, handshake);
  let failure: unknown;
  let isServed = false;
  void handlers[handler](connection, choose)
    .catch((error: unknown) => (failure = error))
    .then(() => connection.close(connection.peerClose?.status, connection.peerClose?.description))
    .then(() => (isServed = true));
  let closed: Outcome['closed'] | undefined;
  void connection.closed.then((how) => (closed = how));

  // Many more than there are bytes and frames.
  for (let steps = 50 * bytes.length + 1000; closed === undefined || !isServed; steps--) {
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

const isMessage = (line: string): boolean => /^(text|binary) /.test(line);

describe('Fuzzing: a connection over a socket that stalls', () => {
  it(
    'echoes what is valid byte by byte, answers every ping and the close, and holds no more than its options allow',
    () =>
      fc.assert(
        fc.asyncProperty(validStream, situation, async (frames, given) => {
          const large = given.large === 0 ? [] : [text(textOf(given.large))];
          const bytes = Buffer.concat([Buffer.from(frames, 'hex'), ...large, close(3000, 'bye')]);
          const how = inReasonableTime(given, bytes);
          const expected = transcribe([bytes]);
          const { sent, closed, failure, mostBuffered, mostUnread } = await serve(bytes, how);

          expect({ closed, failure }).toMatchObject({ closed: { reason: 'peer' }, failure: undefined });
          const answers = readAnswers(sent);
          expect(answers.filter(isMessage)).toEqual(expected.filter(isMessage));
          expect(answers.filter((line) => line.startsWith('pong'))).toEqual(
            expected.filter((line) => line.startsWith('ping')).map((line) => line.replace('ping', 'pong')),
          );
          expect(answers.at(-1)).toBe(expected.at(-1));
          expect(mostBuffered).toBeLessThanOrEqual(
            Math.max(how.sendBufferSize, how.highWaterMark) +
              how.sendBufferSize +
              2 * how.largestRead +
              LARGEST_MESSAGE,
          );
          expect(mostUnread).toBeLessThanOrEqual(how.highWaterMark + how.largestRead);
        }),
        runs(300),
      ),
    PATIENCE,
  );

  it(
    'ends, and tells how, whatever it is sent and whatever happens',
    () =>
      fc.assert(
        fc.asyncProperty(
          clientStream,
          situation,
          fc.constantFrom(...Object.keys(accidents)),
          async (hex, how, accident) => {
            const bytes = Buffer.from(hex, 'hex');
            const expected = transcribe([bytes]);
            const { sent, closed, failure } = await serve(
              bytes,
              { ...inReasonableTime(how, bytes), lingers: false },
              accidents[accident],
            );

            expect(failure === undefined || failure instanceof WebSocketError).toBe(true);
            if (closed.reason === 'protocolError') {
              expect(expected.at(-1)).toBe(errorLine(closed.status as number));
            }
            if (closed.reason === 'peer') {
              expect(expected.at(-1)).toMatch(/^close /);
            }
            // What has come is part of what was to come, as far as whole frames have.
            if (closed.reason !== 'aborted' && accident !== 'the transport fails') {
              const messages = readAnswers(sent).filter(isMessage);
              expect(messages).toEqual(expected.filter(isMessage).slice(0, messages.length));
            }
          },
        ),
        runs(300),
      ),
    PATIENCE,
  );

  describe('found so:', () => {
    it('what came before the client ended its half is handed on, though the handler took its time', async () => {
      const bytes = Buffer.concat([text('one'), text('two'), close(1000)]);
      const asMuchAsPossible: Choose = (count) => (count > 3 ? count - 1 : 0);
      const socket = new StallingDuplex(bytes, false, asMuchAsPossible, 64 * KIB, 16 * KIB);
      const connection = new WebSocketConnection(socket, resolveWebSocketOptions(), handshake);
      socket.step();
      socket.step();
      const received: string[] = [];
      const peer = await connection.receive(async ({ data }) => {
        received.push(data.toString());
        await setImmediate();
      });
      await connection.close(peer.status);
      expect(received).toEqual(['one', 'two']);
      expect(socket.sent).toBeBytes(serverClose(1000));
    });
  });
});
