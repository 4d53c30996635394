import {
  Controller,
  Get,
  Injectable,
  Param,
  ParseIntPipe,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import { constants, type IncomingHttpHeaders } from 'node:http2';
import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  WebSocketConnections,
  WebSockets,
  type WebSocketClosed,
  type WebSocketConnection,
  type WebSocketManager,
} from 'nest-raw-websockets';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { makeCertificate } from '../support/certificate.js';
import { connectHeaders, endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { Http2FrameClient, frameTypes } from '../support/http2-frames.js';
import { startHttpsApp, type HttpsApp } from '../support/https-app.js';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { closeApps } from '../support/start-app.js';
import { binary, close, text } from '../libs/websockets/protocol/client-frame.js';

import.meta.jest.setTimeout(30_000);

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>();
    return headers.authorization === 'Bearer secret';
  }
}

@Controller('rooms')
class RoomController {
  @Get(':id')
  @UseGuards(TokenGuard)
  async join(@WebSockets() webSockets: WebSocketManager, @Param('id', ParseIntPipe) id: number): Promise<void> {
    const webSocket = webSockets.accept({ subprotocol: webSockets.requestedProtocols[0] });
    await webSocket.send(`room ${id}`);
    for await (const { data } of webSocket.messages()) {
      if (data === 'throw') {
        throw new Error('thrown by the controller');
      }
      await webSocket.send(data);
    }
  }
}

@WebSocketGateway({ path: '/raw' })
class RawGateway {
  readonly ends: Promise<WebSocketClosed>[] = [];

  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    this.ends.push(webSocket.closed);
    const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
    await webSocket.close(peer.status, peer.description);
  }
}

@WebSocketGateway({ path: '/stock' })
class StockGateway {
  @SubscribeMessage('double')
  double(@MessageBody() data: number): { event: string; data: number } {
    return { event: 'doubled', data: 2 * data };
  }
}

afterEach(endHttp2Clients);
afterEach(closeApps);
describe("NestJS with Fastify's HTTP/2", () => {
  let nest: NestApp;
  let ca: string;
  let createAdapter: () => AbstractHttpAdapter;

  beforeAll(async () => {
    const { cert, key } = await makeCertificate();
    ca = cert;
    const https = { allowHTTP1: true, cert, key, settings: { enableConnectProtocol: true } };
    createAdapter = () => new FastifyAdapter({ http2: true, https });
    nest = await startNestApp(createAdapter, {
      controllers: [RoomController],
      providers: [RawGateway, StockGateway],
    });
  });
  afterAll(() => nest.app.close());

  const connect = (): Promise<Http2Client> => Http2Client.connect(`https://${nest.host}`, ca);

  it.each(['websocket', 'WebSocket', 'WEBSOCKET'])(
    'accepts :protocol = %s, without the headers of HTTP/1.1',
    async (protocol) => {
      const webSocket = await (await connect()).open('/raw', { ':protocol': protocol });
      expect(Object.keys(webSocket.head).toSorted()).toEqual([':status', 'date']);

      webSocket.write(text('hello'));
      expect(await webSocket.readText()).toBe('hello');

      webSocket.write(close(1000, 'bye'));
      expect(await webSocket.readClose()).toEqual({ status: 1000, reason: 'bye' });
      expect(await webSocket.readBody()).toBe('');
    },
  );

  it('serves gateways with @SubscribeMessage', async () => {
    const webSocket = await (await connect()).open('/stock');

    webSocket.write(text(JSON.stringify({ event: 'double', data: 21 })));

    expect(JSON.parse(await webSocket.readText())).toEqual({ event: 'doubled', data: 42 });
  });

  it('serves controllers that accept behind guards and pipes', async () => {
    const webSocket = await (
      await connect()
    ).open('/rooms/7', { authorization: 'Bearer secret', 'sec-websocket-protocol': 'chat, superchat' });
    expect(webSocket.head['sec-websocket-protocol']).toBe('chat');
    expect(await webSocket.readText()).toBe('room 7');

    webSocket.write(text('hello'));
    expect(await webSocket.readText()).toBe('hello');

    const alarms = nest.logger.alarms.length;
    webSocket.write(text('throw'));
    expect(await webSocket.readClose()).toEqual({ status: 1011, reason: '' });
    webSocket.stream.end(close(1011));
    await once(webSocket.stream.resume(), 'close');
    expect(nest.logger.alarms.slice(alarms).map((line) => line.text)).toEqual([
      expect.stringContaining('thrown by the controller') as string,
    ]);
  });

  it.each([
    ['a guard', '/rooms/7', {}, 403, 'Forbidden resource'],
    ['a pipe', '/rooms/seven', { authorization: 'Bearer secret' }, 400, 'numeric string is expected'],
    ['the router', '/nowhere', {}, 404, 'Cannot GET /nowhere'],
    ['a gateway that does not speak version 8', '/raw', { 'sec-websocket-version': '8' }, 400, 'this server speaks 13'],
    ['the router, for a missing version,', '/raw', { 'sec-websocket-version': undefined }, 404, 'Cannot GET /raw'],
    ['the server, for another protocol,', '/raw', { ':protocol': 'connect-udp' }, 501, 'must be websocket'],
  ])(
    'lets %s answer with an ordinary response, and keeps the connection open',
    async (_who, path, headers, status, said) => {
      const client = await connect();
      const refused = await client.connect(path, headers);

      expect(refused.status).toBe(status);
      expect(JSON.parse(await refused.readBody())).toMatchObject({
        statusCode: status,
        message: expect.stringContaining(said) as string,
      });
      if (status === 400 && path === '/raw') {
        expect(refused.head['sec-websocket-version']).toBe('13');
      }
      const webSocket = (await client.open('/raw')).write(text('next'));
      expect(await webSocket.readText()).toBe('next');
    },
  );

  it('answers a CONNECT request for a tunnel with 501', async () => {
    const client = await connect();

    const refused = await client.request({ ':method': 'CONNECT', ':authority': 'example.com:443' }, true);

    expect(refused.status).toBe(501);
  });

  it.each([
    ['without :scheme', { ':scheme': undefined }],
    ['without :path', { ':path': undefined }],
    ['with :protocol on GET', { ':method': 'GET' }],
    ['with :protocol on POST', { ':method': 'POST' }],
    ['with a malformed :authority', { ':authority': 'local host' }],
  ])('resets only the stream %s, with PROTOCOL_ERROR', async (_what, changed) => {
    const right = { ...connectHeaders, ':scheme': 'https', ':path': '/raw', ':authority': 'localhost' };
    const client = await Http2FrameClient.connect(`https://${nest.host}`, ca);

    client.request(1, { ...right, ...changed });
    client.request(3, right);

    const { type, payload } = await client.readFrameOf(1);
    expect([type, payload.readUInt32BE()]).toEqual([frameTypes.rstStream, constants.NGHTTP2_PROTOCOL_ERROR]);
    expect(await client.readFrameOf(3)).toMatchObject({ type: frameTypes.headers });
    client.destroy();
  });

  it('serves several WebSockets and ordinary requests on one connection', async () => {
    const connections = nest.app.get(WebSocketConnections);
    const before = new Set(connections);
    const client = await connect();
    const webSockets = await Promise.all(Array.from({ length: 20 }, () => client.open('/raw')));
    const request = await client.request({ ':path': '/nowhere' });
    expect(request.status).toBe(404);

    webSockets.forEach((webSocket, i) => webSocket.write(text(`message ${i}`)));

    const echoes = await Promise.all(webSockets.map((webSocket) => webSocket.readText()));
    expect(echoes).toEqual(webSockets.map((_, i) => `message ${i}`));
    const added = [...connections].filter((connection) => !before.has(connection));
    expect(added.map(({ httpVersion }) => httpVersion)).toEqual(webSockets.map(() => '2'));
  });

  it('applies backpressure to one WebSocket whose client does not read, and not to the others', async () => {
    const client = await connect();
    const [silent, other] = await Promise.all([client.open('/raw'), client.open('/raw')]);
    const message = binary(Buffer.alloc(16 * 1024));
    let sent = 0;
    // The client does not read: the server must stop reading, and flow control must then stop the client.
    while (silent.stream.writableLength < 1024 * 1024) {
      silent.stream.write(message);
      sent++;
      other.write(text(`${sent}`));
      expect(await other.readText()).toBe(`${sent}`);
    }
    const [connection] = [...nest.app.get(WebSocketConnections)].filter(({ bytesReceived }) => bytesReceived > 16_384);
    expect(connection.bytesReceived).toBeLessThan(sent * 16_384);

    // When the client reads, all data arrives.
    for (let received = 0; received < sent; received++) {
      let length = 0;
      for (let fin = false; !fin;) {
        const frame = await silent.readFrame();
        fin = frame.fin;
        length += frame.payload.length;
      }
      expect(length).toBe(16 * 1024);
    }
  });

  it.each([
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
  ])('ends only the WebSocket whose stream is reset, with %s', async (_name, code) => {
    const { ends } = nest.app.get(RawGateway);
    const client = await connect();
    const reset = await client.open('/raw');
    const end = ends.at(-1);
    const neighbour = await client.open('/raw');

    reset.stream.close(code);

    await expect(end).resolves.toMatchObject({ by: 'transport', status: 1006 });
    neighbour.write(text('still there'));
    expect(await neighbour.readText()).toBe('still there');
  });

  it.each<[string, (client: Http2Client) => void]>([
    ['is destroyed', ({ session }) => session.destroy()],
    ['is destroyed with an error', ({ session }) => session.destroy(new Error('gone'))],
    ['ends with GOAWAY and an error', ({ session }) => session.goaway(constants.NGHTTP2_INTERNAL_ERROR)],
  ])('ends only the WebSockets of the connection that %s', async (_how, breakOff) => {
    const { ends } = nest.app.get(RawGateway);
    const alarms = nest.logger.alarms.length;
    const [client, other] = await Promise.all([connect(), connect()]);
    const neighbour = await other.open('/raw');
    const before = ends.length;
    await Promise.all([client.open('/raw'), client.open('/raw')]);

    breakOff(client);

    for (const end of ends.slice(before)) {
      await expect(end).resolves.toMatchObject({ by: 'transport', status: 1006 });
    }
    neighbour.write(text('still there'));
    expect(await neighbour.readText()).toBe('still there');
    expect(nest.logger.alarms.slice(alarms)).toEqual([]);
  });

  it('keeps WebSockets open after a GOAWAY without an error, which only forbids new ones', async () => {
    const client = await connect();
    const webSocket = await client.open('/raw');

    client.session.goaway(constants.NGHTTP2_NO_ERROR);
    webSocket.write(text('still there'));

    expect(await webSocket.readText()).toBe('still there');
  });

  it('treats END_STREAM as the end of the connection', async () => {
    const { ends } = nest.app.get(RawGateway);
    const webSocket = await (await connect()).open('/raw');

    webSocket.stream.end(text('last words'));

    expect(await webSocket.readText()).toBe('last words');
    expect(await webSocket.readBody()).toBe('');
    await expect(ends.at(-1)).resolves.toMatchObject({ by: 'transport', status: 1006 });
  });

  it('resets the stream with CANCEL when the server aborts', async () => {
    const webSocket = await (await connect()).open('/raw');
    const closed = once(webSocket.stream, 'close');

    for (const connection of nest.app.get(WebSocketConnections)) {
      connection.abort();
    }
    await closed;

    expect(webSocket.stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('serves clients of HTTP/1.1 in the same way on the same port', async () => {
    const { WebSocket } = await import('ws');
    const webSocket = new WebSocket(`wss://${nest.host}/raw`, { ca });
    await once(webSocket, 'open');
    webSocket.send('hello');

    expect(String((await once(webSocket, 'message'))[0])).toBe('hello');
    webSocket.close();
    await once(webSocket, 'close');
  });
});

describe('The limits of the application', () => {
  it.each([
    ['maxConnections', { MAX_CONNECTIONS: '2' }, 503],
    ['maxConnectionsPerAddress', { MAX_CONNECTIONS_PER_ADDRESS: '2' }, 429],
  ])('apply to WebSockets over HTTP/2: %s', async (option, environment, status) => {
    const { url, ca } = await startHttpsApp(environment);
    const client = await Http2Client.connect(url, ca);
    await Promise.all([client.open('/ws'), client.open('/ws')]);

    const refused = await client.connect('/ws');

    expect(refused.status).toBe(status);
    expect(refused.head['retry-after']).toBe('5');
    expect(await refused.readBody()).toContain(option);
  });

  it.each([
    [{ ALLOWED_ORIGINS: 'https://client.com' }, { origin: 'https://client.com' }, 200],
    [{ ALLOWED_ORIGINS: 'https://client.com' }, { origin: 'https://evil.com' }, 403],
    [{ ALLOWED_ORIGINS: 'same-origin' }, { origin: 'https://localhost', ':authority': 'localhost' }, 200],
    [{ ALLOWED_ORIGINS: 'same-origin' }, { origin: 'https://evil.com', ':authority': 'localhost' }, 403],
    [{ REQUIRE_ORIGIN: 'true' }, {}, 403],
  ])('include origins over HTTP/2: with %j, %j is answered with %i', async (environment, headers, status) => {
    const { url, ca } = await startHttpsApp(environment);
    const client = await Http2Client.connect(url, ca);

    expect((await client.connect('/ws', headers)).status).toBe(status);
  });
});

describe('A client that vanishes', () => {
  it('ends its WebSockets', async () => {
    const { app, url, ca } = await startHttpsApp();
    const connections = app.get(WebSocketConnections, { strict: false });
    const client = await Http2FrameClient.connect(url, ca);
    const headers = { ...connectHeaders, ':authority': 'localhost', ':path': '/ws', ':scheme': 'https' };
    for (const stream of [1, 3]) {
      client.request(stream, headers);
      await client.readFrameOf(stream);
    }
    const ends = Array.from(connections, ({ closed }) => closed);

    client.destroy();

    await expect(Promise.all(ends)).resolves.toMatchObject([{ by: 'transport' }, { by: 'transport' }]);
    expect(connections.size).toBe(0);
  });
});

describe('At shutdown', () => {
  it('the server closes WebSockets over HTTP/2 with 1001, refuses new ones with 503, and ends the connection', async () => {
    const app = await startHttpsApp();
    const client = await Http2Client.connect(app.url, app.ca);
    const webSockets = await Promise.all([client.open('/ws'), client.open('/ws')]);
    const ended = once(client.session, 'close');

    const closed = app.close();
    for (const webSocket of webSockets) {
      expect(await webSocket.readClose()).toEqual({ status: 1001, reason: 'Server shutting down' });
    }
    expect((await client.connect('/ws')).status).toBe(503);
    for (const webSocket of webSockets) {
      webSocket.stream.end(close(1001));
      webSocket.stream.resume();
    }
    await closed;

    await ended;
  });

  it('the server cuts a client that does not answer the close', async () => {
    const app = await startHttpsApp({ SHUTDOWN_TIMEOUT: '100ms' });
    const client = await Http2Client.connect(app.url, app.ca);
    const webSocket = await client.open('/ws');
    const ended = once(webSocket.stream.resume(), 'close');

    await app.close();

    await ended;
    expect(webSocket.stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('the server finishes a request in progress over HTTP/2', async () => {
    let answer!: (text: string) => void;
    let asked!: Promise<void>;
    let closing!: Promise<void>;
    const {
      url,
      ca,
      close: closeApp,
    } = await startHttpsApp({ SHUTDOWN_TIMEOUT: '1m' }, (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      asked = new Promise((resolve) => {
        fastify.get('/slow', (_request, reply) => {
          reply.hijack();
          reply.raw.write('first half, ');
          answer = (half) => reply.raw.end(half);
          resolve();
        });
      });
      closing = new Promise((resolve) => {
        fastify.addHook('preClose', (done) => {
          resolve();
          done();
        });
      });
    });
    const client = await Http2Client.connect(url, ca);
    const request = await client.request({ ':path': '/slow' });
    await asked;

    const closed = closeApp();
    await closing;
    answer('second half');

    expect(await request.readBody()).toBe('first half, second half');
    await closed;
  });
});

describeInBrowser('A browser', (executablePath) => {
  let app: HttpsApp;

  it('opens wss:// over HTTP/2, on the connection that loaded the page', async () => {
    app = await startHttpsApp();
    const browser = await launchBrowser(executablePath);
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      await page.goto(app.url);
      const echo = await page.evaluate(`new Promise((resolve, reject) => {
        const webSocket = new WebSocket(location.origin.replace('https', 'wss') + '/ws');
        webSocket.onopen = () => webSocket.send('over HTTP/2');
        webSocket.onmessage = ({ data }) => resolve(data);
        webSocket.onerror = () => reject(new Error('The WebSocket failed.'));
      })`);

      expect(echo).toBe('over HTTP/2');
      const connections = app.app.get(WebSocketConnections, { strict: false });
      expect(Array.from(connections, ({ httpVersion }) => httpVersion)).toEqual(['2']);
    } finally {
      await browser.close();
    }
  });
});
