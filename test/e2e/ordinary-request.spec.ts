import {
  Body,
  Controller,
  Get,
  Header,
  Injectable,
  Post,
  Query,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
} from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import {
  endRawClients,
  handshake,
  handshakeHeaders,
  RawClient,
  requestHead,
  type Headers,
} from '../support/raw-client.js';

/** Delays all answers until `answer` is called. */
@Controller('slow')
class SlowController {
  private waiting: (() => void)[] = [];
  private whenAsked: (() => void) | undefined;

  @Get()
  get(): Promise<string> {
    this.whenAsked?.();
    return new Promise((resolve) => this.waiting.push(() => resolve('slow')));
  }

  asked(): Promise<void> {
    return new Promise((resolve) => (this.whenAsked = resolve));
  }

  answer(): void {
    this.waiting.forEach((answer) => answer());
    this.waiting = [];
  }
}

@Injectable()
class NobodyPasses implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException('Who are you?');
  }
}

@Controller()
class AnsweringController {
  @Get('hello')
  hello(@Query('name') name = 'you'): string {
    return `Hello ${name}`;
  }

  @Get('last')
  @Header('Connection', 'close')
  last(): string {
    return 'Goodbye';
  }

  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return body;
  }

  @Get('guarded')
  @UseGuards(NobodyPasses)
  guarded(): string {
    return 'secret';
  }
}

@WebSocketGateway({ path: '/ws' })
class RawGateway {
  handleWebSocket(): Promise<void> {
    return new Promise(() => {});
  }
}

const parts = { controllers: [SlowController, AnsweringController], providers: [NobodyPasses, RawGateway] };

/** Requests an upgrade that this server does not support. */
const upgradeToHttp2 = {
  Host: 'localhost',
  Connection: 'Upgrade, HTTP2-Settings',
  Upgrade: 'h2c',
  'HTTP2-Settings': '',
};
const getHello = requestHead('GET /hello?name=2 HTTP/1.1', { Host: 'localhost' });
const json = '{"text":"grüße"}';
const jsonLength = String(Buffer.byteLength(json));

describe.each(platforms)('On %s, an upgrade request that does not open a WebSocket,', (_name, createAdapter) => {
  let running: NestApp;
  const server = (): Server => running.app.getHttpServer() as Server;
  const connect = (): Promise<RawClient> => RawClient.connect(running.port);

  beforeAll(async () => {
    running = await startNestApp(createAdapter, parts);
  });

  afterEach(endRawClients);

  afterAll(async () => {
    await running.app.close();
    expect(running.logger.alarms).toEqual([]);
  });

  it.each<[string, string, Headers, number, string]>([
    ['for another protocol,', 'GET /hello HTTP/1.1', upgradeToHttp2, 200, 'Hello you'],
    ['for another protocol at a gateway,', 'GET /ws HTTP/1.1', upgradeToHttp2, 404, 'Cannot GET /ws'],
    ['with a query,', 'GET /hello?name=a%20b HTTP/1.1', upgradeToHttp2, 200, 'Hello a b'],
    ['to an unknown path,', 'GET /unknown HTTP/1.1', upgradeToHttp2, 404, 'Cannot GET /unknown'],
    ['that a guard refuses,', 'GET /guarded HTTP/1.1', upgradeToHttp2, 401, 'Who are you?'],
    ['with another method,', 'DELETE /hello HTTP/1.1', upgradeToHttp2, 404, 'Cannot DELETE /hello'],
    ['without Host,', 'GET /hello HTTP/1.1', { ...upgradeToHttp2, Host: undefined }, 400, ''],
    ['that is a handshake by POST,', 'POST /ws HTTP/1.1', handshakeHeaders, 404, 'Cannot POST /ws'],
    ['that is a handshake for an unknown path,', 'GET /unknown HTTP/1.1', handshakeHeaders, 404, 'Cannot GET /unknown'],
    ['that is a handshake for a route,', 'GET /hello HTTP/1.1', handshakeHeaders, 200, 'Hello you'],
    ['that is a handshake for a guarded route,', 'GET /guarded HTTP/1.1', handshakeHeaders, 401, 'Who are you?'],
    [
      'that is a handshake of another version for a route,',
      'GET /hello HTTP/1.1',
      { ...handshakeHeaders, 'Sec-WebSocket-Version': '8' },
      200,
      'Hello you',
    ],
  ])('%s receives its ordinary response', async (_what, line, headers, status, text) => {
    const client = await connect();
    client.write(requestHead(line, headers));
    const response = await client.readResponse();
    expect(response.status).toBe(status);
    expect(response.body).toContain(text);
  });

  it.each<[string, string, Headers]>([
    ['for another protocol,', 'GET /hello HTTP/1.1', upgradeToHttp2],
    ['to an unknown path,', 'GET /unknown HTTP/1.1', upgradeToHttp2],
    ['without a key,', 'GET /ws HTTP/1.1', { ...handshakeHeaders, 'Sec-WebSocket-Key': undefined }],
  ])('%s keeps the connection open for further requests and for a WebSocket', async (_what, line, headers) => {
    const client = await connect();
    for (let i = 0; i < 3; i++) {
      client.write(requestHead(line, headers));
      expect((await client.readResponse()).headers['connection']).not.toBe('close');
      client.write(getHello);
      expect((await client.readResponse()).body).toBe('Hello 2');
    }
    client.write(handshake('/ws'));
    expect((await client.readResponse()).status).toBe(101);
  });

  it('leaves no listeners on a connection after many such requests', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const connected = once(server(), 'connection') as Promise<[Socket]>;
    const client = await connect();
    const [socket] = await connected;
    const countListeners = (): unknown[] => socket.eventNames().map((event) => [event, socket.listenerCount(event)]);
    client.write(getHello);
    await client.readResponse();
    const before = countListeners();
    for (let i = 0; i < 20; i++) {
      client.write(requestHead('GET /hello HTTP/1.1', upgradeToHttp2));
      await client.readResponse();
    }
    expect(countListeners()).toEqual(before);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it.each<[string, Headers, readonly string[]]>([
    ['of a known length', { 'Content-Length': jsonLength }, [json]],
    ['of a known length in many pieces', { 'Content-Length': jsonLength }, json.split('')],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, ['4\r\n{"te\r\n', 'e\r\nxt":"grüße"}\r\n0\r\n\r\n']],
  ])('is handled with its body %s', async (_what, headers, pieces) => {
    const head = requestHead('POST /echo HTTP/1.1', {
      ...handshakeHeaders,
      ...headers,
      'Content-Type': 'application/json',
    });
    // In one piece with the head, and after the server has read the head.
    for (const isLate of [false, true]) {
      const client = await connect();
      const [first, ...rest] = isLate ? [head, ...pieces] : [head + pieces[0], ...pieces.slice(1)];
      const arrived = Promise.race([once(server(), 'upgrade'), once(server(), 'request')]);
      client.write(first);
      await arrived;
      for (const piece of rest) {
        client.write(piece);
        await turn();
      }
      const response = await client.readResponse();
      expect(response.status).toBe(201);
      expect(JSON.parse(response.body)).toEqual({ text: 'grüße' });
      client.write(getHello);
      expect((await client.readResponse()).body).toBe('Hello 2');
    }
  });

  it.each<[string, Headers, string]>([
    ['a body', { 'Content-Length': '4' }, 'body'],
    ['a chunked body', { 'Transfer-Encoding': 'chunked' }, '4\r\nbody\r\n0\r\n\r\n'],
  ])('to a gateway with %s is not a handshake, and the next request is answered', async (_what, headers, body) => {
    const client = await connect();
    client.write(handshake('/ws', headers) + body + getHello);
    expect((await client.readResponse()).status).toBe(404);
    expect((await client.readResponse()).body).toBe('Hello 2');
  });

  it('with a late body is answered by a server that forwards upgrades as Fastify does', async () => {
    const forwarding = createServer((request, response) => server().emit('request', request, response));
    forwarding.on('upgrade', (...args) => server().emit('upgrade', ...args));
    await once(forwarding.listen(0, '127.0.0.1'), 'listening');
    const client = await RawClient.connect((forwarding.address() as AddressInfo).port);
    const headers = { ...upgradeToHttp2, 'Content-Type': 'application/json', 'Content-Length': jsonLength };
    client.write(requestHead('POST /echo HTTP/1.1', headers));
    await once(server(), 'upgrade');
    client.write(json);
    // Since version 25, Node.js keeps the socket until the body arrives.
    expect([201, 501]).toContain((await client.readResponse()).status);
    await endRawClients();
    forwarding.close();
  });

  it('with Expect: 100-continue receives 100 before its response', async () => {
    const client = await connect();
    const headers = { ...upgradeToHttp2, Expect: '100-continue', 'Content-Type': 'application/json' };
    client.write(requestHead('POST /echo HTTP/1.1', { ...headers, 'Content-Length': jsonLength }));
    expect((await client.readResponse()).status).toBe(100);
    client.write(json);
    expect((await client.readResponse()).status).toBe(201);
  });

  it('closes the connection if the client asks for it', async () => {
    const client = await connect();
    client.write(requestHead('GET /hello HTTP/1.1', { ...upgradeToHttp2, Connection: 'close, Upgrade' }));
    expect((await client.readResponse()).headers['connection']).toBe('close');
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('over HTTP/1.0 is answered, and closes the connection', async () => {
    const client = await connect();
    client.write(requestHead('GET /hello HTTP/1.0', handshakeHeaders));
    expect((await client.readResponse()).body).toBe('Hello you');
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each([1, 2, 7])('may arrive in pieces of %d bytes', async (size) => {
    const client = await connect();
    const bytes = requestHead('GET /hello HTTP/1.1', upgradeToHttp2);
    for (let at = 0; at < bytes.length; at += size) {
      client.write(bytes.slice(at, at + size));
      await turn();
    }
    expect((await client.readResponse()).body).toBe('Hello you');
  });

  it('keeps the bytes of its headers and its target', async () => {
    const client = await connect();
    client.write(
      Buffer.from(
        requestHead('GET /hello?name=%E4 HTTP/1.1', { ...upgradeToHttp2, 'X-Latin': 'gr\xfc\xdfe' }),
        'latin1',
      ),
    );
    const [request] = (await once(server(), 'request')) as [IncomingMessage];
    expect(request.url).toBe('/hello?name=%E4');
    expect(request.headers['x-latin']).toBe('gr\xfc\xdfe');
    expect(request.rawHeaders).toContain('X-Latin');
    expect((await client.readResponse()).status).toBeGreaterThanOrEqual(200);
  });

  describe('in a pipeline', () => {
    const slow = requestHead('GET /slow HTTP/1.1', { Host: 'localhost' });

    it('is answered before the following requests', async () => {
      const client = await connect();
      client.write(requestHead('GET /hello HTTP/1.1', upgradeToHttp2) + getHello + getHello);
      expect((await client.readResponse()).body).toBe('Hello you');
      expect((await client.readResponse()).body).toBe('Hello 2');
      expect((await client.readResponse()).body).toBe('Hello 2');
    });

    it.each<[string, string, number]>([
      ['for another protocol', requestHead('GET /hello HTTP/1.1', upgradeToHttp2), 200],
      ['that is a handshake for a route', handshake('/hello'), 200],
      ['that is a handshake for an unknown path', handshake('/unknown'), 404],
      ['of an unsupported version', handshake('/ws', { 'Sec-WebSocket-Version': '8' }), 426],
      ['that is a handshake for a gateway', handshake('/ws'), 101],
    ])('%s is answered after the earlier requests', async (_what, bytes, status) => {
      const slowController = running.app.get(SlowController);
      const asked = slowController.asked();
      const client = await connect();
      client.write(getHello + slow + getHello + bytes);
      await asked;
      slowController.answer();
      expect((await client.readResponse()).body).toBe('Hello 2');
      expect((await client.readResponse()).body).toBe('slow');
      expect((await client.readResponse()).body).toBe('Hello 2');
      expect((await client.readResponse()).status).toBe(status);
    });

    it('is not answered when an earlier request ends the connection', async () => {
      const client = await connect();
      client.write(requestHead('GET /last HTTP/1.1', { Host: 'localhost' }) + handshake('/ws'));
      expect((await client.readResponse()).status).toBe(200);
      expect(await client.readToEnd()).toHaveLength(0);
    });

    it('has no effect when the client disconnects before its turn', async () => {
      const slowController = running.app.get(SlowController);
      const asked = slowController.asked();
      const connected = once(server(), 'connection') as Promise<[Socket]>;
      const client = await connect();
      const [socket] = await connected;
      client.write(slow + handshake('/ws'));
      await asked;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      client.reset();
      await closed;
      slowController.answer();
      const other = await connect();
      other.write(getHello);
      expect((await other.readResponse()).status).toBe(200);
    });

    it('is not cut by the keep-alive time-out of the earlier request', async () => {
      const slowController = running.app.get(SlowController);
      const connected = once(server(), 'connection') as Promise<[Socket]>;
      const client = await connect();
      const [socket] = await connected;
      let asked = slowController.asked();
      client.write(slow + requestHead('GET /slow HTTP/1.1', upgradeToHttp2));
      await asked;
      asked = slowController.asked();
      slowController.answer();
      await asked;
      expect(socket.timeout ?? 0).toBe(server().timeout);
      slowController.answer();
      expect((await client.readResponse()).body).toBe('slow');
      expect((await client.readResponse()).body).toBe('slow');
    });
  });

  describe('with malformed bytes', () => {
    it.each<[string, string, number]>([
      ['a malformed request line', 'GET\r\n\r\n', 400],
      ['a malformed header', requestHead('GET /ws HTTP/1.1', { ...handshakeHeaders, 'Bad Header': 'x' }), 400],
      ['a body with two lengths', handshake('/ws', { 'Content-Length': ['4', '5'] }), 400],
      ['an oversized head', handshake('/ws', { 'X-Large': 'x'.repeat(20_000) }), 431],
      ['more headers than Node.js keeps', handshake('/ws', { 'X-Many': Array<string>(1100).fill('') }), 431],
    ])('receives an error response: %s', async (_what, bytes, status) => {
      for (const isFirst of [true, false]) {
        const client = await connect();
        if (!isFirst) {
          client.write(requestHead('GET /hello HTTP/1.1', upgradeToHttp2));
          await client.readResponse();
        }
        client.write(bytes);
        expect((await client.readResponse()).status).toBe(status);
      }
    });

    it('cannot smuggle a request in its body behind more headers than Node.js keeps', async () => {
      const client = await connect();
      const body = requestHead('GET /smuggled HTTP/1.1', { Host: 'localhost' });
      client.write(
        requestHead('POST /echo HTTP/1.1', {
          ...upgradeToHttp2,
          'X-Many': Array<string>(1100).fill(''),
          'Content-Length': String(body.length),
        }) + body,
      );
      expect(String(await client.readToEnd())).not.toContain('smuggled');
    });
  });
});
