import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp } from '../support/https-app.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { closeApps, startApp } from '../support/start-app.js';
import { binary, clientFrame, close, continuation, ping, text } from '../libs/websockets/protocol/client-frame.js';
import { compressedText } from './compressed-exchange.js';
import { DeflateWindow } from './deflate-window.js';
import { farewell, goodbye, NORMAL_CLOSURE } from './exchange.js';
import { binaryOf } from './payloads.js';
import { answer, readAnswers, serverClose, serverFrame } from './server-frames.js';
import './wire-matchers.js';

const MIB = 1024 * 1024;

/**
 * Opens a WebSocket to the echo.
 *
 * @param early bytes to send together with the handshake
 * @param offers `Sec-WebSocket-Extensions`, one header for each offer
 */
type Open = (early?: Uint8Array, offers?: readonly string[]) => Promise<RawClient<Duplex>>;

async function upgraded(socket: Duplex, early?: Uint8Array, offers?: readonly string[]): Promise<RawClient<Duplex>> {
  const client = new RawClient(socket);
  await client.upgrade('/ws', { 'Sec-WebSocket-Extensions': offers }, early);
  return client;
}

/** Every transport of the application. After the handshake, each is a byte stream to the WebSocket. */
const transports: readonly (readonly [name: string, start: () => Promise<Open>])[] = [
  [
    'HTTP/1.1',
    async () => {
      const { hostname, port } = new URL((await startApp({ COMPRESSION: 'true' })).url);
      return (early, offers) =>
        upgraded(connectTcp({ host: hostname, port: Number(port), allowHalfOpen: true }), early, offers);
    },
  ],
  [
    'HTTP/1.1 and TLS',
    async () => {
      const { url, ca } = await startHttpsApp({ COMPRESSION: 'true' });
      const { hostname, port } = new URL(url);
      return async (early, offers) => {
        const socket = connectTls({ host: hostname, port: Number(port), ca, ALPNProtocols: ['http/1.1'] });
        await once(socket, 'secureConnect');
        return upgraded(socket, early, offers);
      };
    },
  ],
  [
    'HTTP/2',
    async () => {
      const { url, ca } = await startHttpsApp({ COMPRESSION: 'true' });
      const client = await Http2Client.connect(url, ca);
      return async (early, offers = []) => {
        const exchange = await client.connect('/ws', { 'sec-websocket-extensions': [...offers] }, early);
        expect(exchange.status).toBe(200);
        return exchange;
      };
    },
  ],
];

afterEach(endRawClients);
afterAll(endHttp2Clients);
afterAll(closeApps);
describe.each(transports)('Over %s,', (_name, start) => {
  let open: Open;

  beforeAll(async () => {
    open = await start();
  });

  /** Sends bytes over a new connection and returns all bytes until the server ends it. */
  async function exchange(bytes: readonly Uint8Array[], pieceSize = Infinity): Promise<Buffer> {
    const client = await open();
    const [received] = await Promise.all([client.readToEnd(), client.sendInPieces(Buffer.concat(bytes), pieceSize)]);
    client.end();
    return received;
  }

  it('the server echoes text and binary, answers pings, and echoes the status and reason of a close', async () => {
    const frames = [text('aé€😀'), ping('p'), binary('c', false), ping(''), continuation('d'), close(4999, 'bye')];
    const echo = [
      serverFrame(1, 'aé€😀'),
      serverFrame(10, 'p'),
      serverFrame(2, 'c', false),
      serverFrame(10),
      serverFrame(0, 'd'),
      serverClose(4999, 'bye'),
    ];
    expect(await exchange(frames)).toBeBytes(...echo);
    expect(readAnswers(await exchange(frames, 1))).toEqual(readAnswers(Buffer.concat(echo)));
  });

  it('the server echoes a message of 4 MiB', async () => {
    const payload = binaryOf(4 * MIB);
    const answers = await exchange([binary(payload), goodbye], 65_521);
    expect(readAnswers(answers)).toEqual([answer(2, payload), answer(8, NORMAL_CLOSURE)]);
  });

  it('the server echoes a fragment before its frame is complete', async () => {
    const client = await open();
    const bytes = binary('Hello');
    client.write(bytes.subarray(0, 8));
    expect(await client.readBytes(4)).toBeBytes(serverFrame(2, 'He', false));
    client.write(bytes.subarray(8));
    expect(await client.readBytes(5)).toBeBytes(serverFrame(0, 'llo'));
  });

  it.each([
    ['whole', 100],
    ['by half', 8],
  ])('the server answers messages that arrive with the handshake, %s', async (_how, early) => {
    const bytes = Buffer.concat([text('early'), ping('bird'), goodbye]);
    const client = await open(bytes.subarray(0, early));
    client.write(bytes.subarray(early));
    expect(readAnswers(await client.readToEnd())).toEqual([
      answer(1, 'early'),
      answer(10, 'bird'),
      answer(8, NORMAL_CLOSURE),
    ]);
  });

  it('the server compresses messages as negotiated in several headers', async () => {
    const offers = ['permessage-deflate; server_max_window_bits=16', 'permessage-deflate; server_max_window_bits=9'];
    const client = await open(Buffer.concat([compressedText('early'), goodbye]), offers);
    const answers = readAnswers(await client.readToEnd(), new DeflateWindow({ bits: 9 }));
    expect(answers).toEqual([answer(1, 'early'), answer(8, NORMAL_CLOSURE)]);
  });

  it('the server compresses nothing when one of several headers is malformed', async () => {
    const client = await open(compressedText('Hello'), ['permessage-deflate;', 'permessage-deflate']);
    expect(await client.readToEnd()).toBeFailure(1002);
  });

  it('invalid UTF-8 closes with 1007', async () => {
    const frames = [text(Buffer.from([0xe2, 0x82]), false), continuation(Buffer.from([0x28]))];
    expect(await exchange(frames)).toBeFailure(1007, serverFrame(1, Buffer.from([0xe2, 0x82]), false));
  });

  it('the server reads the rest of the bytes after a failure, instead of resetting the connection', async () => {
    expect(await exchange([clientFrame({ opcode: 3 }), binary(binaryOf(4 * MIB))])).toBeFailure(1002);
  });

  it('a client that ends its half before it reads receives the whole echo', async () => {
    const payload = binaryOf(4 * MIB);
    const client = await open();
    client.write(Buffer.concat([binary(payload), text('last'), goodbye])).end();
    const expected = [serverFrame(2, payload), serverFrame(1, 'last'), farewell];
    expect(readAnswers(await client.readToEnd())).toEqual(readAnswers(Buffer.concat(expected)));
  });

  it('the server sends all pending frames when the connection ends without a close frame', async () => {
    const client = await open();
    client.write(Buffer.concat([text('Hi'), binary('Hello').subarray(0, 9)])).end();
    expect(await client.readToEnd()).toBeBytes(serverFrame(1, 'Hi'), serverFrame(2, 'Hel', false));
  });

  it.each([
    ['at once', Buffer.alloc(0)],
    ['after a message', text('Hi')],
    ['with the echo of 1 MiB on its way', binary(binaryOf(MIB))],
    ['after a compressed message', compressedText('Hi')],
    ['after a close', goodbye],
  ])('the server serves the next client after one disconnects %s', async (_when, bytes) => {
    const client = await open(undefined, ['permessage-deflate']);
    client.write(bytes).destroy();
    expect(await exchange([text('still there?'), goodbye])).toBeBytes(serverFrame(1, 'still there?'), farewell);
  });
});

it('with COMPRESSION off, its default, the server declines an offer of permessage-deflate', async () => {
  const { url } = await startApp();
  const client = await RawClient.connect(Number(new URL(url).port));
  const { headers } = await client.upgrade('/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
  expect(headers).not.toHaveProperty('sec-websocket-extensions');
  await client.send(compressedText('Hello'));
  expect(await client.readToEnd()).toBeFailure(1002);
});
