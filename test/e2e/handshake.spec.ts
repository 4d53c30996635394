import { BadRequestException, Controller, Get } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { WebSocketConnection } from 'nest-raw-websockets';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import {
  endRawClients,
  handshake,
  handshakeHeaders,
  RawClient,
  requestHead,
  SAMPLE_ACCEPT,
  SAMPLE_KEY,
  type Headers,
} from '../support/raw-client.js';
import { clientFrame, close, text } from '../libs/websockets/protocol/client-frame.js';

/** Echoes whole messages. */
@WebSocketGateway({ path: '/ws' })
class EchoGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    for await (const { data } of webSocket.messages()) {
      await webSocket.send(data);
    }
  }
}

/** Next to the gateway: it answers requests that are not handshakes. */
@Controller('ws')
class HandshakeController {
  @Get()
  get(): never {
    throw new BadRequestException('Expected a WebSocket handshake.');
  }
}

/** A gateway without a controller at its path. */
@WebSocketGateway({ path: '/lonely' })
class LonelyGateway extends EchoGateway {}

describe.each(platforms)('On %s, a handshake', (_name, createAdapter) => {
  let running: NestApp;
  const server = (): Server => running.app.getHttpServer() as Server;
  const connect = (): Promise<RawClient> => RawClient.connect(running.port);

  beforeAll(async () => {
    running = await startNestApp(createAdapter, {
      controllers: [HandshakeController],
      providers: [EchoGateway, LonelyGateway],
    });
  });

  afterEach(async () => {
    await endRawClients();
    expect(running.logger.alarms).toEqual([]);
  });

  afterAll(() => running.app.close());

  async function expectEcho(client: RawClient): Promise<void> {
    client.write(text('Hé'));
    expect((await client.readFrame()).payload.toString()).toBe('Hé');
  }

  it('is answered with 101, the accept key, and nothing that was not negotiated', async () => {
    const client = await connect();
    client.write(
      handshake('/ws', {
        'Sec-WebSocket-Protocol': 'p1, p2',
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
        Origin: 'http://elsewhere.example',
        Cookie: 'a=b',
      }),
    );
    expect(await client.readResponse()).toEqual({
      status: 101,
      headers: { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': SAMPLE_ACCEPT },
      body: '',
    });
    await expectEcho(client);
  });

  it.each<[string, Headers]>([
    ['Upgrade in mixed case', { Upgrade: 'WebSocket' }],
    ['Upgrade with another protocol after it', { Upgrade: 'websocket, example' }],
    ['Upgrade with another protocol before it', { Upgrade: 'h2c,WebSocket' }],
    ['Upgrade sent twice', { Upgrade: ['example', 'websocket'] }],
    ['Connection in upper case', { Connection: 'UPGRADE' }],
    ['several Connection tokens', { Connection: 'keep-alive, Upgrade' }],
    ['Connection sent twice', { Connection: ['keep-alive', 'Upgrade'] }],
    ['Content-Length: 0', { 'Content-Length': '0' }],
    ['header names in another case', { 'sec-websocket-KEY': SAMPLE_KEY, 'Sec-WebSocket-Key': undefined }],
  ])('succeeds with %s', async (_what, changed) => {
    const client = await connect();
    client.write(handshake('/ws', changed));
    expect((await client.readResponse()).status).toBe(101);
    await expectEcho(client);
  });

  it.each([
    ['/ws'],
    ['/WS'],
    ['/ws/'],
    ['/Ws/'],
    ['/ws?room=1'],
    ['/ws/?room=/other/'],
    ['/%77%73'],
    ['http://example.com/ws'],
    ['HTTP://example.com:80/WS/?room=1'],
    ['ws://example.com/ws'],
    ['/lonely'],
  ])('succeeds for %s', async (target) => {
    const client = await connect();
    client.write(handshake(target));
    expect((await client.readResponse()).status).toBe(101);
    await expectEcho(client);
  });

  it.each(['/wss', '/ws/x', '//ws', '/', '/ws%2Fx', '/ws%', '/%00', '*', 'http://example.com/'])(
    'for %s does not reach a gateway, and receives the response of the HTTP pipeline',
    async (target) => {
      const client = await connect();
      client.write(handshake(target));
      const { status } = await client.readResponse();
      expect([400, 404]).toContain(status);
    },
  );

  it.each<[string, Headers]>([
    ['no Upgrade', { Upgrade: undefined }],
    ['an Upgrade to another protocol', { Upgrade: 'h2c' }],
    ['no Connection', { Connection: undefined }],
    ['a Connection without upgrade', { Connection: 'keep-alive' }],
    ['no version', { 'Sec-WebSocket-Version': undefined }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['an empty key', { 'Sec-WebSocket-Key': '' }],
    ['a key of 15 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }],
    ['a key of 17 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(17).toString('base64') }],
    ['a key that is not base64', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZ!==' }],
    ['a key sent twice', { 'Sec-WebSocket-Key': [SAMPLE_KEY, SAMPLE_KEY] }],
  ])('with %s is an ordinary request: 400 from the controller, or 404 without one', async (_what, changed) => {
    const client = await connect();
    client.write(handshake('/ws', changed));
    const response = await client.readResponse();
    expect(response.status).toBe(400);
    expect(JSON.parse(response.body)).toMatchObject({ message: 'Expected a WebSocket handshake.' });
    client.write(handshake('/lonely', changed));
    expect((await client.readResponse()).status).toBe(404);
    client.write(handshake('/ws'));
    expect((await client.readResponse()).status).toBe(101);
  });

  it.each<[string, string, Headers, number]>([
    ['by POST', 'POST /ws HTTP/1.1', {}, 404],
    ['by PUT with a body', 'PUT /ws HTTP/1.1', { 'Content-Length': '0' }, 404],
    ['over HTTP/1.0', 'GET /ws HTTP/1.0', {}, 400],
    ['without Host', 'GET /ws HTTP/1.1', { Host: undefined }, 400],
  ])('%s is an ordinary request', async (_what, line, changed, status) => {
    const client = await connect();
    client.write(requestHead(line, { ...handshakeHeaders, ...changed }));
    expect((await client.readResponse()).status).toBe(status);
  });

  it.each(['8', '0', '14', '013', '13, 8', 'x', ''])(
    'with the version %j is answered with 426, the supported version, and the version itself',
    async (version) => {
      const client = await connect();
      client.write(handshake('/ws', { 'Sec-WebSocket-Version': version }));
      const response = await client.readResponse();
      expect(response).toMatchObject({
        status: 426,
        headers: { 'sec-websocket-version': '13', upgrade: 'websocket', connection: 'close, Upgrade' },
      });
      expect(JSON.parse(response.body)).toEqual({
        statusCode: 426,
        error: 'Upgrade Required',
        message: `Sec-WebSocket-Version is ${JSON.stringify(version)}; this server speaks 13.`,
      });
      expect(await client.readToEnd()).toHaveLength(0);
    },
  );

  it('with two versions is answered with 426', async () => {
    const client = await connect();
    client.write(handshake('/ws', { 'Sec-WebSocket-Version': ['13', '8'] }));
    expect((await client.readResponse()).status).toBe(426);
  });

  it('loses no byte that arrives together with it', async () => {
    const client = await connect();
    client.write(
      Buffer.concat([Buffer.from(handshake('/ws')), text('one'), text('two'), text('three').subarray(0, 4)]),
    );
    expect((await client.readResponse()).status).toBe(101);
    expect((await client.readFrame()).payload.toString()).toBe('one');
    expect((await client.readFrame()).payload.toString()).toBe('two');
    client.write(text('three').subarray(4));
    expect((await client.readFrame()).payload.toString()).toBe('three');
  });

  it('may arrive together with the whole conversation', async () => {
    const client = await connect();
    client.socket.end(Buffer.concat([Buffer.from(handshake('/ws')), text('one'), close(1000, 'bye')]));
    expect((await client.readResponse()).status).toBe(101);
    expect((await client.readFrame()).payload.toString()).toBe('one');
    expect(await client.readClose()).toEqual({ status: 1000, reason: 'bye' });
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each([1, 3, 50])('may arrive in pieces of %d bytes', async (size) => {
    const client = await connect();
    const bytes = Buffer.concat([Buffer.from(handshake('/ws')), text('one')]);
    for (let at = 0; at < bytes.length; at += size) {
      client.write(bytes.subarray(at, at + size));
      await turn();
    }
    expect((await client.readResponse()).status).toBe(101);
    expect((await client.readFrame()).payload.toString()).toBe('one');
  });

  it.each<[string, (client: RawClient) => void]>([
    ['resets the connection', (client) => client.reset()],
    ['ends the connection', (client) => client.destroy()],
    ['ends its half', (client) => void client.socket.end()],
  ])('has no effect when the client %s before its end', async (_what, leave) => {
    for (const bytes of [
      'GET /ws HT',
      handshake('/ws').slice(0, -2),
      handshake('/ws'),
      handshake('/unknown'),
      handshake('/ws', { 'Sec-WebSocket-Version': '8' }),
      handshake('/ws', { Upgrade: 'h2c' }),
      requestHead('POST /ws HTTP/1.1', { ...handshakeHeaders, 'Content-Length': '10' }),
    ]) {
      const connected = once(server(), 'connection') as Promise<[Socket]>;
      const client = await connect();
      const [socket] = await connected;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await new Promise<void>((resolve) => client.socket.write(bytes, () => resolve()));
      leave(client);
      client.socket.resume();
      await closed;
    }
    const other = await RawClient.open(running.port, '/ws');
    other.write(text('alive'));
    expect((await other.readFrame()).payload.toString()).toBe('alive');
  });

  it('succeeds for the ws client, which sends the same headers as browsers', async () => {
    const client = new WebSocket(`ws://${running.host}/ws`, { perMessageDeflate: true, origin: 'https://example.com' });
    await once(client, 'open');
    expect([client.protocol, client.extensions]).toEqual(['', '']);
    client.send('Hé');
    expect(String(((await once(client, 'message')) as [Buffer])[0])).toBe('Hé');
    client.close(1000, 'bye');
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1000, 'bye']);
  });

  it('selects no subprotocol by default', async () => {
    const client = await connect();
    client.write(handshake('/ws', { 'Sec-WebSocket-Protocol': ['p1', 'p2'] }));
    expect((await client.readResponse()).headers).not.toHaveProperty('sec-websocket-protocol');
  });

  it('is followed by frames only: a second one violates the protocol', async () => {
    const client = await RawClient.open(running.port, '/ws');
    client.write(handshake('/ws'));
    expect((await client.readClose()).status).toBe(1002);
  });

  it('leaves no HTTP time-outs and listeners on the connection', async () => {
    const connected = once(server(), 'connection') as Promise<[Socket]>;
    const client = await connect();
    const [socket] = await connected;
    client.write(requestHead('GET /ws HTTP/1.1', { Host: 'localhost' }));
    await client.readResponse();
    client.write(handshake('/ws'));
    await client.readResponse();
    expect(socket.timeout).toBe(0);
    expect(socket.listenerCount('timeout')).toBe(0);
    expect(socket.listenerCount('data')).toBe(1);
    client.write(clientFrame({ opcode: 9 }));
    expect((await client.readFrame()).opcode).toBe(10);
  });
});
