import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { SocketsController } from '../../src/sockets/sockets.controller.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp } from '../support/https-app.js';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';
import { binary, close, continuation, ping, text } from '../libs/websockets/protocol/client-frame.js';

const PREFIX = 'Server Response to: ';

describe('/sockets', () => {
  let running: RunningApp;
  let port: number;

  beforeAll(async () => {
    running = await startApp({ MAX_MESSAGE_SIZE: '100KiB' });
    ({ port } = running.app.getHttpServer().address() as AddressInfo);
  });
  afterAll(closeApps);
  afterEach(endRawClients);
  afterEach(endHttp2Clients);

  it.each(['/sockets', '/Sockets', '/sockets/', '/sockets?x=1'])('accepts WebSockets at %s', async (path) => {
    const client = await RawClient.open(port, path);

    client.write(text('Hello'));

    expect((await client.readFrame()).payload.toString()).toBe(`${PREFIX}Hello`);
  });

  it('answers text with text and binary with binary, each unchanged after the prefix', async () => {
    const client = await RawClient.open(port, '/sockets');

    for (const message of ['Hello', '', 'Grüße, 世界 🎉', '  spaces\0and\nlines ']) {
      client.write(text(message));
      expect(await client.readFrame()).toEqual({ opcode: 1, fin: true, payload: Buffer.from(PREFIX + message) });
    }
    for (const bytes of [Buffer.from([0, 1, 254, 255]), Buffer.alloc(0)]) {
      client.write(binary(bytes));
      const payload = Buffer.concat([Buffer.from(PREFIX), bytes]);
      expect(await client.readFrame()).toEqual({ opcode: 2, fin: true, payload });
    }
  });

  it('answers a fragmented message once, after its last fragment', async () => {
    const client = await RawClient.open(port, '/sockets');

    client.write(text('Hel', false)).write(ping('still there?')).write(continuation('', false));
    expect((await client.readFrame()).opcode).toBe(10);
    client.write(continuation('lo'));

    expect((await client.readFrame()).payload.toString()).toBe(`${PREFIX}Hello`);
  });

  it('answers messages in order', async () => {
    const client = await RawClient.open(port, '/sockets');
    const messages = Array.from({ length: 500 }, (_, index) => `message ${index}`);

    client.write(Buffer.concat(messages.map((message) => text(message))));

    for (const message of messages) {
      expect((await client.readFrame()).payload.toString()).toBe(PREFIX + message);
    }
  });

  it('accepts a message of MAX_MESSAGE_SIZE, and closes with 1009 for a larger one', async () => {
    const client = await RawClient.open(port, '/sockets');
    const largest = 'x'.repeat(100 * 1024);

    client.write(text(largest));
    expect((await client.readFrame()).payload.toString()).toBe(PREFIX + largest);
    client.write(text(`${largest}x`));

    expect(await client.readClose()).toEqual({ status: 1009, reason: 'Message too big' });
  });

  it.each([
    [1000, 'Closing from client'],
    [4000, 'of its own'],
    [undefined, ''],
  ])('echoes a close with the status %s and the reason %j', async (status, reason) => {
    const client = await RawClient.open(port, '/sockets');

    client.write(close(status, reason));

    expect(await client.readClose()).toEqual({ status, reason });
  });

  it('accepts WebSockets over HTTP/2', async () => {
    const { url, ca } = await startHttpsApp();
    const webSocket = await (await Http2Client.connect(url, ca)).open('/sockets');

    webSocket.write(text('Hello'));

    expect(await webSocket.readText()).toBe(`${PREFIX}Hello`);
  });

  it.each([
    ['HEAD', 400],
    ['POST', 404],
  ])('answers an ordinary %s with %i', async (method, status) => {
    expect((await fetch(`${running.url}/sockets`, { method })).status).toBe(status);
  });
});

describe.each(platforms)('The log of /sockets, on %s,', (_name, createAdapter) => {
  let nest: NestApp;

  beforeEach(async () => {
    nest = await startNestApp(createAdapter, { controllers: [SocketsController] });
  });

  async function connect(): Promise<WebSocket> {
    const client = new WebSocket(`ws://${nest.host}/sockets`);
    await once(client, 'open');
    return client;
  }

  /** The log when it is complete, without the context. */
  async function log(): Promise<string[]> {
    await nest.app.close();
    return nest.logger.lines
      .filter(({ level, text: line }) => level === 'log' && line.endsWith('\nSocketsController'))
      .map(({ text: line }) => line.replace('\nSocketsController', ''));
  }

  it('reports each step', async () => {
    const client = await connect();
    for (const message of ['one', Buffer.from('two')]) {
      client.send(message);
      await once(client, 'message');
    }
    client.close(1000);
    await once(client, 'close');

    expect(await log()).toEqual([
      'WebSocket connection established',
      'Message received from Client',
      'Sent Response back to client confirming message received',
      'Message received from Client',
      'Sent Response back to client confirming message received',
      'WebSocket connection closed',
    ]);
  });

  it('reports no error when a client vanishes', async () => {
    const client = await connect();
    client.terminate();
    await once(client, 'close');

    expect(await log()).toEqual(['WebSocket connection established', 'WebSocket connection closed']);
    expect(nest.logger.alarms).toEqual([]);
  });
});
