import { Controller, ForbiddenException, Get, Param, ParseIntPipe, UseGuards, type CanActivate } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  WebSocketConnections,
  WebSockets,
  type RawWebSocketGateway,
  type WebSocketConnection,
  type WebSocketGatewayOptions,
  type WebSocketHandshake,
  type WebSocketManager,
  type WebSocketOptions,
  type WebSocketRefusal,
} from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, type Headers } from '../support/raw-client.js';
import { until } from '../support/until.js';

class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@WebSocketGateway<WebSocketGatewayOptions>({ path: '/ws', handleProtocols: (offered) => offered.has('b') && 'b' })
class Gateway implements RawWebSocketGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.receive((fragment) => webSocket.send(fragment));
  }
}

@WebSocketGateway<WebSocketGatewayOptions>({ path: '/locked', verifyClient: () => false })
class LockedGateway extends Gateway {}

/** Lets the handler of room 4 go on, once it waits. */
let release: (() => void) | undefined;

@Controller()
class RoomController {
  @Get('room/:id')
  async join(@WebSockets() webSockets: WebSocketManager, @Param('id', ParseIntPipe) id: number): Promise<void> {
    if (id === 13) {
      throw new ForbiddenException('Not this room.');
    }
    if (id === 500) {
      throw new Error('of the application');
    }
    if (id === 4) {
      await new Promise<void>((resolve) => (release = resolve));
    }
    await webSockets.accept().receive(() => {});
  }

  @Get('guarded')
  @UseGuards(Nobody)
  guarded(): void {}

  @Get('page')
  page(): string {
    return 'page';
  }
}

interface Told {
  readonly refused: [WebSocketHandshake, WebSocketRefusal][];
  readonly opened: [WebSocketConnection, WebSocketHandshake][];
  readonly handshakes: WebSocketHandshake[];
  readonly closed: unknown[][];
}

describe.each(handshakeTransports)('An observer on %s', (name, start) => {
  const isHttp2 = name.includes('HTTP/2');
  let app: HandshakeApp;
  let told: Told;

  async function observe(options: WebSocketOptions = {}): Promise<void> {
    app = await start({ controllers: [RoomController], providers: [Gateway, LockedGateway], options });
    told = { refused: [], opened: [], handshakes: [], closed: [] };
    release = undefined;
    app.app.get(WebSocketConnections, { strict: false }).observe({
      handshake: (handshake) => void told.handshakes.push(handshake),
      refused: (...details) => void told.refused.push(details),
      opened: (...details) => void told.opened.push(details),
      closed: (...details) => void told.closed.push(details),
    });
  }
  const untilRoomWaits = async (): Promise<() => void> => {
    await until(() => release !== undefined);
    return release!;
  };
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
    await app.app.close();
  });

  it.each<[string, string, Headers, WebSocketOptions, number, Partial<WebSocketRefusal>]>([
    [
      'a foreign origin',
      '/ws',
      { Origin: 'https://evil.com' },
      { allowedOrigins: ['https://a.com'] },
      403,
      { reason: 'origin' },
    ],
    ['no origin', '/room/1', {}, { requireOrigin: true }, 403, { reason: 'origin' }],
    ['another version', '/ws', { 'Sec-WebSocket-Version': '8' }, {}, isHttp2 ? 400 : 426, { reason: 'version' }],
    [
      'another version for a controller',
      '/room/1',
      { 'Sec-WebSocket-Version': '8' },
      {},
      isHttp2 ? 400 : 426,
      { reason: 'version' },
    ],
    [
      'another version for an unknown path',
      '/nowhere',
      { 'Sec-WebSocket-Version': '8' },
      {},
      404,
      { reason: 'not-found' },
    ],
    ['verifyClient', '/locked', {}, {}, 401, { reason: 'guard' }],
    ['a guard', '/guarded', {}, {}, 403, { reason: 'guard', message: 'Forbidden' }],
    ['a pipe', '/room/one', {}, {}, 400, { reason: 'handler' }],
    ['a handler', '/room/13', {}, {}, 403, { reason: 'handler' }],
    ['a handler that failed', '/room/500', {}, {}, 500, { reason: 'error' }],
    ['an unknown path', '/nowhere', {}, {}, 404, { reason: 'not-found', message: 'Not Found' }],
    ['a route that does not accept', '/page', {}, {}, isHttp2 ? 400 : 200, { reason: 'handler' }],
    ['a malformed host', '/ws', { Host: 'user@localhost' }, {}, 400, { reason: 'malformed' }],
  ])('receives a refusal because of %s', async (_what, path, headers, options, status, refusal) => {
    await observe(options);
    const answer = await app.shakeHands(path, { 'User-Agent': 'tester', ...headers });
    expect(answer.status).toBe(status);
    await until(() => told.refused.length > 0);
    expect(told.refused).toHaveLength(1);
    const [handshake, actual] = told.refused[0];
    expect(actual).toMatchObject({ status, ...refusal });
    expect(handshake).toMatchObject({
      path,
      remoteAddress: '127.0.0.1',
      addresses: ['127.0.0.1'],
      httpVersion: isHttp2 ? '2' : '1.1',
      tlsVersion: isHttp2 ? 'TLSv1.3' : undefined,
      origin: headers.Origin,
      userAgent: 'tester',
    });
    if (refusal.reason !== 'malformed') {
      expect(told.handshakes[0]).toBe(handshake);
    }
    expect(told.opened).toHaveLength(0);
  });

  it.each<[WebSocketOptions, number, string]>([
    [{ maxConnections: 1 }, 503, 'limit'],
    [{ maxConnectionsPerAddress: 1 }, 429, 'address-limit'],
  ])('receives a refusal because of %j', async (options, status, reason) => {
    await observe(options);
    await app.shakeHands('/ws');
    await app.shakeHands('/ws');
    await until(() => told.refused.length > 0);
    expect(told.refused).toEqual([[expect.anything(), expect.objectContaining({ status, reason })]]);
  });

  it('receives an ordinary request to an accepting controller, and no other ordinary request', async () => {
    await observe();
    expect((await app.get('/page')).status).toBe(200);
    expect((await app.get('/nowhere')).status).toBe(404);
    expect((await app.get('/room/1')).status).toBe(400);
    await until(() => told.refused.length > 0);
    expect(told.refused).toEqual([
      [
        expect.objectContaining({ path: '/room/1' }),
        expect.objectContaining({ status: 400, reason: 'not-a-handshake' }),
      ],
    ]);
  });

  it('receives a refusal because of a shutdown, for each place where a handshake waits', async () => {
    await observe();
    const waiting = app.shakeHands('/room/4');
    const goOn = await untilRoomWaits();
    const closed = app.app.close();
    await until(() => app.app.get(WebSocketConnections, { strict: false }).isDraining);
    goOn();
    expect((await waiting).status).toBe(503);
    await Promise.all([endHttp2Clients(), closed]);
    expect(told.refused).toEqual([
      [expect.objectContaining({ path: '/room/4' }), expect.objectContaining({ status: 503, reason: 'draining' })],
    ]);
  });

  it('receives a client that disconnects before the response', async () => {
    await observe();
    const client = await app.beginHandshake('/room/4');
    const goOn = await untilRoomWaits();
    client.reset();
    await until(() => told.refused.length > 0);
    goOn();
    expect(told.refused[0][1]).toMatchObject({ status: 499, reason: 'aborted' });
  });

  it.each(['/ws', '/room/1'])('receives the opening and the end of a connection at %s', async (path) => {
    await observe({ dangerousEnableCompression: true });
    const { client } = await app.shakeHands(`${path}?x=1`, {
      Origin: 'https://a.com',
      'User-Agent': 'tester',
      'Sec-WebSocket-Protocol': 'a, b',
      'Sec-WebSocket-Extensions': 'permessage-deflate',
    });
    await until(() => told.opened.length > 0);
    const [connection, handshake] = told.opened[0];
    expect(connection).toMatchObject({
      path: `${path}?x=1`,
      subprotocol: path === '/ws' ? 'b' : undefined,
      extensions: 'permessage-deflate',
    });
    expect(handshake).toMatchObject({ path: `${path}?x=1`, origin: 'https://a.com', userAgent: 'tester' });
    expect(told.handshakes).toHaveLength(1);
    expect(told.handshakes[0]).toBe(handshake);
    expect(told.closed).toHaveLength(0);
    client.destroy();
    await until(() => told.closed.length > 0);
    expect(told.closed).toEqual([
      [
        connection,
        expect.objectContaining({ by: 'transport', status: 1006 }),
        expect.objectContaining({ code: 'WS_CLOSED_PREMATURELY' }),
      ],
    ]);
    expect(told.refused.map(([, { reason }]) => reason)).toEqual([]);
  });
});
