import { Controller, Get } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  WebSockets,
  type WebSocketConnection,
  type WebSocketManager,
  type WebSocketOptions,
} from 'nest-raw-websockets';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import {
  endRawClients,
  handshake,
  handshakeHeaders,
  RawClient,
  requestHead,
  type Headers,
  type RawResponse,
} from '../support/raw-client.js';
import { until } from '../support/until.js';

@WebSocketGateway({ path: '/ws' })
class Gateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.receive((fragment) => webSocket.send(fragment));
  }
}

@Controller()
class RoomController {
  @Get('room')
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await webSockets.accept().receive(() => {});
  }

  @Get('page')
  page(): string {
    return 'page';
  }
}

const foreign = { Origin: 'https://evil.com' };
const paths = ['/ws', '/room', '/nowhere', '/page'];

describe.each(platforms)('On %s', (_name, createAdapter) => {
  let nest: NestApp;

  const start = async (options: WebSocketOptions = {}): Promise<void> => {
    nest = await startNestApp(createAdapter, { controllers: [RoomController], providers: [Gateway], options });
  };
  const close = async (): Promise<void> => {
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  };

  /** Sends a request, and expects the server to end the connection after the response. */
  async function refusalOf(bytes: string): Promise<RawResponse> {
    const client = await RawClient.connect(nest.port);
    client.write(bytes);
    const response = await client.readResponse();
    expect(await client.readToEnd()).toHaveLength(0);
    return response;
  }

  describe.each<[string, WebSocketOptions, Headers, string]>([
    ['allowedOrigins', { allowedOrigins: ['https://client.com'] }, foreign, 'allowedOrigins'],
    ['allowedOrigins with a keyword', { allowedOrigins: ['same-origin'] }, foreign, 'allowedOrigins'],
    ['requireOrigin', { requireOrigin: true }, {}, 'requireOrigin'],
  ])('%s', (_what, options, headers, option) => {
    beforeAll(() => start(options));
    afterEach(endRawClients);
    afterAll(close);

    it.each(paths)('refuses a handshake for %s with 403, and the body names only the option', async (path) => {
      const response = await refusalOf(handshake(path, headers));
      expect(response).toMatchObject({ status: 403, headers: { connection: 'close' } });
      expect(JSON.parse(response.body)).toEqual({
        statusCode: 403,
        message: `The origin is refused by the option ${option}.`,
        error: 'Forbidden',
      });
    });
  });

  describe.each<[string, WebSocketOptions, number, string]>([
    ['maxConnections', { maxConnections: 2 }, 503, 'Service Unavailable'],
    ['maxConnectionsPerAddress', { maxConnectionsPerAddress: 2 }, 429, 'Too Many Requests'],
  ])('%s', (option, options, status, error) => {
    beforeAll(async () => {
      await start(options);
      await RawClient.open(nest.port, '/ws');
      await RawClient.open(nest.port, '/room');
    });
    afterAll(async () => {
      await endRawClients();
      await close();
    });

    it.each(paths)('refuses a handshake for %s, with a Retry-After header', async (path) => {
      const response = await refusalOf(handshake(path));
      expect(response).toMatchObject({ status, headers: { 'retry-after': '5', connection: 'close' } });
      expect(JSON.parse(response.body)).toEqual({
        statusCode: status,
        message: expect.stringContaining(`${option} allows, which is 2.`) as string,
        error,
      });
    });
  });

  describe('with limits', () => {
    afterEach(async () => {
      await endRawClients();
      await close();
    });

    it('limits and origins do not apply to ordinary requests', async () => {
      await start({ allowedOrigins: ['https://client.com'], requireOrigin: true, maxConnections: 1 });
      await RawClient.connect(nest.port).then((client) =>
        client.write(handshake('/ws', { Origin: 'https://client.com' })).readResponse(),
      );
      const client = await RawClient.connect(nest.port);
      for (const headers of [
        { Host: 'localhost', ...foreign },
        { ...handshakeHeaders, ...foreign, Upgrade: 'h2c' },
      ]) {
        client.write(requestHead('GET /page HTTP/1.1', headers));
        expect(await client.readResponse()).toMatchObject({ status: 200, body: 'page' });
      }
    });

    it('a closed connection makes room for another one', async () => {
      await start({ maxConnections: 1 });
      const first = await RawClient.open(nest.port, '/ws');
      expect((await refusalOf(handshake('/ws'))).status).toBe(503);
      const closed = once(first.socket, 'close');
      first.destroy();
      await closed;
      // The server notices a little later.
      await until(async () => {
        const client = await RawClient.connect(nest.port);
        return (await client.write(handshake('/ws')).readResponse()).status === 101;
      });
      expect((await refusalOf(handshake('/room'))).status).toBe(503);
    });
  });

  describe('without options', () => {
    beforeAll(() => start());
    afterEach(endRawClients);
    afterAll(close);

    it.each<[string, string, number]>([
      ['a request line without a target', 'GET\r\n\r\n', 400],
      ['a request line of another protocol', 'GET /ws SMTP/1.1\r\n\r\n', 400],
      ['an unknown method', requestHead('GRAB /ws HTTP/1.1', handshakeHeaders), 400],
      ['a target with a space', requestHead('GET /w s HTTP/1.1', handshakeHeaders), 400],
      ['no Host', handshake('/ws', { Host: undefined }), 400],
      ['two Hosts', handshake('/ws', { Host: ['localhost', 'localhost'] }), 400],
      ['a Host with a space', handshake('/ws', { Host: 'local host' }), 400],
      ['a Host with a slash', handshake('/ws', { Host: 'localhost/ws' }), 400],
      ['a header name with a space', handshake('/ws', { 'Bad Header': 'x' }), 400],
      ['a header without a colon', handshake('/ws').replace('\r\n\r\n', '\r\nno colon\r\n\r\n'), 400],
      ['a header with a NUL', handshake('/ws', { 'X-Nul': 'a\0b' }), 400],
      ['two body lengths', handshake('/ws', { 'Content-Length': ['4', '5'] }), 400],
      ['an invalid body length', handshake('/ws', { 'Content-Length': 'four' }), 400],
      ['an oversized head', handshake('/ws', { 'X-Large': 'x'.repeat(20_000) }), 431],
      ['too many headers', handshake('/ws', { 'X-Many': Array<string>(1100).fill('') }), 431],
    ])('a handshake with %s receives a well-formed error response', async (_what, bytes, status) => {
      const response = await refusalOf(bytes);
      expect(response.status).toBe(status);
      const other = await RawClient.open(nest.port, '/ws');
      other.destroy();
    });

    describe('a CONNECT request for a tunnel', () => {
      const connect = requestHead('CONNECT example.com:443 HTTP/1.1', { Host: 'example.com:443' });
      const getPage = requestHead('GET /page HTTP/1.1', { Host: 'localhost' });

      it('is answered with 501', async () => {
        const response = await refusalOf(`${connect}what would go through it`);
        expect(response).toMatchObject({ status: 501, headers: { connection: 'close' } });
        expect(JSON.parse(response.body)).toEqual({
          statusCode: 501,
          message: 'CONNECT asks for a tunnel; this server is not a proxy.',
          error: 'Not Implemented',
        });
      });

      it('is answered after the earlier requests', async () => {
        const client = await RawClient.connect(nest.port);
        client.write(getPage + connect);
        expect((await client.readResponse()).body).toBe('page');
        expect((await client.readResponse()).status).toBe(501);
        expect(await client.readToEnd()).toHaveLength(0);
      });

      it('has no effect when the client resets the connection', async () => {
        const asked = once(nest.app.getHttpServer() as Server, 'connect') as Promise<[unknown, Socket]>;
        const client = await RawClient.connect(nest.port);
        client.write(connect);
        const [, socket] = await asked;
        const closed = new Promise((resolve) => socket.once('close', resolve));
        client.reset();
        await closed;
        expect((await refusalOf(connect)).status).toBe(501);
      });
    });
  });
});
