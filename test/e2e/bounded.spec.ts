import { jest } from '@jest/globals';
import { once } from 'node:events';
import { serverClose, serverFrame } from '../conformance/server-frames.js';
import '../conformance/wire-matchers.js';
import { WebSocketConnections } from 'nest-raw-websockets';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { startApp, type RunningApp } from '../support/start-app.js';
import { clientFrame, close, continuation, ping, text } from '../libs/websockets/protocol/client-frame.js';
import { copies, Flood, repeated } from './bounded/flood.js';
import { MeasuredServer } from './bounded/measured-server.js';
import { patternFrame, patternMessages, PatternReader } from './bounded/pattern.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The number of bytes for a client that never reads: far more than the operating system buffers. */
const FLOOD = Number(process.env['FLOOD_MIB'] ?? 32) * MIB;

/** A generous limit: no result depends on the duration of a flood. */
jest.setTimeout(60_000 + (FLOOD / MIB) * 500);

const million = 1_000_000;
const goodbye = close(1000);
const farewell = serverClose(1000);

let server: MeasuredServer;
let before: number;

const open = (): Promise<RawClient> => server.open();

/** The maximum growth of the server's memory since the warm-up, in bytes. */
async function growth(): Promise<number> {
  return (await server.memory()).most - before;
}

/** Makes a server use all its code once, so that later growth is caused by the test. */
async function warmUp(): Promise<void> {
  const client = await server.open();
  client.socket.resume();
  await new Flood(client, patternMessages(8 * MIB)).done;
  await client.send(Buffer.concat([...repeated(ping('x'), 1000), goodbye]));
  await once(client.socket, 'end');
  client.destroy();
  before = (await server.memory()).now;
}

afterEach(endRawClients);

describe('Bounded memory: the echo server', () => {
  beforeAll(async () => {
    server = await MeasuredServer.start('echo');
    await warmUp();
  });

  afterAll(() => server.stop());

  it('stops reading from a client that does not read, and sends every byte when it reads again', async () => {
    const client = await open();
    const flood = new Flood(client, patternMessages(FLOOD));
    await flood.untilStalled(server);
    expect(flood.sent).toBeLessThan(FLOOD);
    expect(await growth()).toBeLessThan(32 * MIB);

    const reader = new PatternReader();
    client.socket.on('data', (bytes: Buffer) => reader.take(bytes));
    await flood.done;
    await client.send(goodbye);
    await once(client.socket, 'end');
    expect(reader).toMatchObject({ received: FLOOD, wrongAt: undefined });
    expect(reader.last).toBeBytes(farewell);
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it('echoes one message of 64 MiB in one frame while it arrives', async () => {
    const client = await open();
    const reader = new PatternReader();
    client.socket.on('data', (bytes: Buffer) => reader.take(bytes));
    await new Flood(client, patternFrame(64 * MIB)).done;
    await client.send(goodbye);
    await once(client.socket, 'end');
    expect(reader).toMatchObject({ received: 64 * MIB, wrongAt: undefined });
    expect(reader.last).toBeBytes(farewell);
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it('does not queue pongs without limit for a client that sends pings and does not read', async () => {
    const client = await open();
    const payloads = Array.from({ length: 500 }, (_, i) => `${i}`.padStart(125, '.'));
    const block = Buffer.concat(payloads.map((payload) => ping(payload)));
    const times = Math.ceil((32 * MIB) / block.length);
    const flood = new Flood(client, repeated(block, times));
    await flood.untilStalled(server);
    expect(flood.sent).toBeLessThan(times * block.length);
    expect(await growth()).toBeLessThan(32 * MIB);

    const received = client.readToEnd();
    await flood.done;
    await client.send(goodbye);
    const pongs = Buffer.concat(payloads.map((payload) => serverFrame(10, payload)));
    expect(await received).toBeBytes(copies(pongs, times), farewell);
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it.each([
    ['pings', ping(''), serverFrame(10)],
    ['pongs', clientFrame({ opcode: 10 }), Buffer.alloc(0)],
    ['empty messages', text(''), serverFrame(1)],
  ])('processes a million %s without delay, and serves other clients meanwhile', async (_what, frame, answer) => {
    const client = await open();
    const received = client.readToEnd();
    const block = copies(frame, 1000);
    const flood = new Flood(client, repeated(block, million / 1000));
    const other = await open();
    await other.send(Buffer.concat([text('Do you hear me?'), goodbye]));
    expect(await other.readToEnd()).toBeBytes(serverFrame(1, 'Do you hear me?'), farewell);

    await flood.done;
    await client.send(goodbye);
    expect(await received).toBeBytes(copies(answer, million), farewell);
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it.each([
    ['of one byte', 'x'],
    ['without bytes', ''],
  ])('streams a message of a million fragments %s', async (_what, payload) => {
    const client = await open();
    await client.send(text(payload, false));
    const received = client.readToEnd();
    const block = copies(continuation(payload, false), 1000);
    await new Flood(client, repeated(block, million / 1000)).done;
    await client.send(Buffer.concat([continuation(payload), goodbye]));
    expect(await received).toBeBytes(
      serverFrame(1, payload, false),
      copies(serverFrame(0, payload, false), million),
      serverFrame(0, payload),
      farewell,
    );
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it.each([
    ['one header', Buffer.alloc(64 * KIB, 'x')],
    ['many headers', Buffer.from('\r\nX-Filler: filler'.repeat(4096))],
  ])('answers a handshake of endless bytes in %s with 431, and cuts the connection', async (_what, block) => {
    const client = await RawClient.connect(server.port);
    const cut = new Promise((resolve) => client.socket.once('close', resolve));
    await client.send(Buffer.from('GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Long: '));
    await client.send(block);
    expect((await client.readBytes(13)).toString()).toBe('HTTP/1.1 431 ');
    const flood = new Flood(client, repeated(block, 1000));
    await cut;
    await flood.done;
    expect(flood.sent).toBeLessThan(1000 * block.length);
    expect(await growth()).toBeLessThan(64 * MIB);
  });
});

describe('Bounded memory: a server that collects whole messages', () => {
  beforeAll(async () => {
    server = await MeasuredServer.start('collecting');
    before = (await server.memory()).now;
  });

  afterAll(() => server.stop());

  it('joins a million fragments of one byte in little more than a million bytes', async () => {
    const client = await open();
    await client.send(text('x', false));
    const block = copies(continuation('x', false), 1000);
    await new Flood(client, repeated(block, million / 1000)).done;
    await client.send(Buffer.concat([continuation('x'), goodbye]));
    expect(await client.readToEnd()).toBeBytes(serverFrame(1, `text ${million + 2}`), farewell);
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it('does not count empty fragments', async () => {
    const client = await open();
    await client.send(text('', false));
    const block = copies(continuation('', false), 1000);
    await new Flood(client, repeated(block, million / 1000)).done;
    await client.send(Buffer.concat([continuation('x'), goodbye]));
    expect(await client.readToEnd()).toBeBytes(serverFrame(1, 'text 1'), farewell);
    expect(await growth()).toBeLessThan(64 * MIB);
  });

  it.each([
    ['in fragments of one byte', [text('x', false)], repeated(copies(continuation('x', false), 1000), 2000)],
    ['in one frame', [], patternFrame(64 * MIB)],
  ])('closes with 1009 for a message larger than maxMessageSize, %s', async (_how, start, blocks) => {
    const client = await open();
    await client.send(Buffer.concat(start));
    const flood = new Flood(client, blocks);
    expect(await client.readBytes(4)).toMatchObject({ 0: 0x88, 2: 1009 >> 8, 3: 1009 & 0xff });
    await flood.done;
    expect(await growth()).toBeLessThan(64 * MIB);
  });
});

describe('Bounded time: the limit for a client', () => {
  let app: RunningApp;

  const openWebSocket = (): Promise<RawClient> => RawClient.open(Number(new URL(app.url).port), '/ws');

  /** Sends until the server has cut the connection, without answering. */
  const untilCut = async (client: RawClient, block: Buffer): Promise<void> => {
    await new Flood(client, repeated(block, Infinity)).done;
    expect(client.socket.destroyed).toBe(true);
  };

  beforeAll(async () => {
    app = await startApp({ CLOSE_TIMEOUT: '100ms' });
  });

  afterAll(() => app.close());

  it('to send the head of a request is at most a minute', () => {
    const { headersTimeout } = app.app.getHttpServer();
    expect(headersTimeout).toBeGreaterThan(0);
    expect(headersTimeout).toBeLessThanOrEqual(60_000);
  });

  it('to end the connection after a close is closeTimeout', async () => {
    const client = await openWebSocket();
    await client.send(goodbye);
    expect(await client.readToEnd()).toBeBytes(farewell);
    await untilCut(client, ping('still here'));
  });

  it('to end the connection after a failure is closeTimeout', async () => {
    const client = await openWebSocket();
    await client.send(clientFrame({ opcode: 3 }));
    expect(await client.readToEnd()).toBeFailure(1002);
    await untilCut(client, ping('still here'));
  });

  it('to read the queued data at a close is closeTimeout', async () => {
    const client = await openWebSocket();
    const flood = new Flood(client, patternMessages(FLOOD));
    const closed = new Promise((resolve) => client.socket.once('close', resolve));
    const [connection] = app.app.get(WebSocketConnections, { strict: false });
    void connection.close(1001, 'Server shutting down');
    await expect(connection.closed).resolves.toMatchObject({ by: 'timeout' });
    await flood.done;
    await closed;
  });

  it('to answer a close of the server is closeTimeout, even if the client keeps sending', async () => {
    const client = await openWebSocket();
    const [connection] = app.app.get(WebSocketConnections, { strict: false });
    void connection.close(1001, 'Server shutting down');
    expect(await client.readBytes(24)).toBeBytes(serverClose(1001, 'Server shutting down'));
    await untilCut(client, text('x'.repeat(10_000)));
    await expect(connection.closed).resolves.toMatchObject({ by: 'timeout', status: 1006 });
  });
});
