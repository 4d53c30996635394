import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { DeflateParameters } from '../../libs/websockets/src/protocol/permessage-deflate.js';
import { ServerConnection } from '../../libs/websockets/src/connection/server-connection.js';
import { resolveWebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';
import { WebSocketError } from '../../libs/websockets/src/connection/web-socket-error.js';
import { DeflateWindow, type WindowAgreement } from '../conformance/deflate-window.js';
import { textOf } from '../conformance/payloads.js';
import { readAnswers, serverClose } from '../conformance/server-frames.js';
import '../conformance/wire-matchers.js';
import { close, text } from '../libs/websockets/protocol/client-frame.js';
import { compressedStream, validCompressedStream } from './compressed-streams.js';
import { transcribeCompressed } from './compressed-transcripts.js';
import { clientStream, validStream } from './frame-streams.js';
import { PATIENCE, runs } from './runs.js';
import {
  accidents,
  handshake,
  inReasonableTime,
  LARGEST_MESSAGE,
  serve,
  situation,
  type Situation,
} from './served-connection.js';
import { StallingDuplex, type Choose } from './stalling-duplex.js';
import { errorLine, transcribe } from './transcripts.js';

const KIB = 1024;

const isMessage = (line: string): boolean => /^(text|binary) /.test(line);

describe('Fuzzing: a connection over a socket that stalls', () => {
  it(
    'echoes valid streams byte by byte, answers every ping and the close, and obeys its buffer limits',
    () =>
      fc.assert(
        fc.asyncProperty(validStream, situation, async (frames, given) => {
          const large = given.large === 0 ? [] : [text(textOf(given.large))];
          const bytes = Buffer.concat([Buffer.from(frames, 'hex'), ...large, close(3000, 'bye')]);
          const how = inReasonableTime(given, bytes);
          const expected = transcribe([bytes]);
          const { sent, closed, failure, mostBuffered, mostUnread } = await serve(bytes, how);

          expect({ closed, failure }).toMatchObject({ closed: { by: 'peer' }, failure: undefined });
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
        runs(100),
      ),
    PATIENCE,
  );

  it(
    'ends with a result for any bytes and any event',
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
            if (closed.by === 'protocol') {
              expect(expected.at(-1)).toBe(errorLine(closed.status as number));
            }
            if (closed.by === 'peer') {
              expect(expected.at(-1)).toMatch(/^close /);
            }
            // The received messages are a prefix of the expected ones, as far as complete frames have arrived.
            if (closed.by !== 'abort' && accident !== 'the transport fails') {
              const messages = readAnswers(sent).filter(isMessage);
              expect(messages).toEqual(expected.filter(isMessage).slice(0, messages.length));
            }
          },
        ),
        runs(100),
      ),
    PATIENCE,
  );
});

/** Each deflated fragment takes a round trip to another thread. */
const fewFragments = (how: Situation): Situation => ({
  ...how,
  receiveBufferSize: Math.max(how.receiveBufferSize, 400),
});

const serverAgreement = fc.record({ bits: fc.integer({ min: 9, max: 15 }), takesOver: fc.boolean() });

type Agreement = Required<WindowAgreement>;

const deflateParameters = (client: Agreement, server: Agreement): DeflateParameters => ({
  clientMaxWindowBits: client.bits,
  clientNoContextTakeover: !client.takesOver,
  serverMaxWindowBits: server.bits,
  serverNoContextTakeover: !server.takesOver,
});

describe('Fuzzing: a connection with compression, over a socket that stalls', () => {
  it(
    'echoes valid streams byte by byte, and answers every ping and the close',
    () =>
      fc.assert(
        fc.asyncProperty(validCompressedStream, serverAgreement, situation, async (stream, server, given) => {
          const rest = [text(textOf(given.large)), close(3000, 'bye')];
          const bytes = Buffer.concat([Buffer.from(stream.hex, 'hex'), ...rest]);
          const expected = transcribe([Buffer.concat([Buffer.from(stream.plain, 'hex'), ...rest])]);
          const parameters = deflateParameters(stream.agreement, server);
          const how = fewFragments(inReasonableTime(given, bytes));
          const { sent, closed, failure } = await serve(bytes, how, undefined, parameters);

          expect({ closed, failure }).toMatchObject({ closed: { by: 'peer' }, failure: undefined });
          const answers = readAnswers(sent, new DeflateWindow(server));
          expect(answers.filter(isMessage)).toEqual(expected.filter(isMessage));
          expect(answers.filter((line) => line.startsWith('pong'))).toEqual(
            expected.filter((line) => line.startsWith('ping')).map((line) => line.replace('ping', 'pong')),
          );
          expect(answers.at(-1)).toBe(expected.at(-1));
        }),
        runs(60),
      ),
    PATIENCE,
  );

  it(
    'ends with a result for any bytes and any event',
    () =>
      fc.assert(
        fc.asyncProperty(
          compressedStream,
          serverAgreement,
          situation,
          fc.constantFrom(...Object.keys(accidents)),
          async ({ agreement, hex }, server, how, accident) => {
            const bytes = Buffer.from(hex, 'hex');
            const expected = await transcribeCompressed([bytes], agreement);
            // The parser looks at bytes that arrive while a message is inflated.
            const ends = [expected.at(-1), transcribe([bytes], { allowsCompression: true }).at(-1)];
            const { sent, closed, failure } = await serve(
              bytes,
              { ...fewFragments(inReasonableTime(how, bytes)), lingers: false },
              accidents[accident],
              deflateParameters(agreement, server),
            );

            expect(failure === undefined || failure instanceof WebSocketError).toBe(true);
            if (closed.by === 'protocol') {
              expect(ends).toContain(errorLine(closed.status as number));
            }
            if (closed.by === 'peer') {
              expect(ends).toContainEqual(expect.stringMatching(/^close /));
            }
            if (closed.by !== 'abort' && accident !== 'the transport fails') {
              const messages = readAnswers(sent, new DeflateWindow(server)).filter(isMessage);
              expect(messages).toEqual(expected.filter(isMessage).slice(0, messages.length));
              if (accident === 'nothing' && expected.at(-1)?.startsWith('error') !== true) {
                expect(messages).toEqual(expected.filter(isMessage));
              }
            }
          },
        ),
        runs(100),
      ),
    PATIENCE,
  );
});

describe('Fuzzing found this case: the connection', () => {
  it("delivers all bytes before the client's end to a slow handler", async () => {
    const bytes = Buffer.concat([text('one'), text('two'), close(1000)]);
    const asMuchAsPossible: Choose = (count) => (count > 3 ? count - 1 : 0);
    const socket = new StallingDuplex(bytes, false, asMuchAsPossible, 64 * KIB, 16 * KIB);
    const connection = new ServerConnection(socket, resolveWebSocketOptions(), handshake);
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
