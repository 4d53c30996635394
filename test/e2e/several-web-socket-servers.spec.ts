import { Controller, Get, type INestApplication } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { WebSockets, type WebSocketConnection, type WebSocketManager } from 'nest-raw-websockets';
import { startNestApp, type NestApp, type NestAppParts } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, handshake, handshakeHeaders, RawClient, requestHead } from '../support/raw-client.js';

@WebSocketGateway({ path: '/ws' })
class Gateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.send('gateway');
    await webSocket.receive(() => {});
  }
}

@Controller('room')
class RoomController {
  @Get()
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await turn();
    const webSocket = webSockets.accept();
    await webSocket.send('controller');
    await webSocket.receive(() => {});
  }
}

describe.each(platforms)('On %s, next to another WebSocket server on the same HTTP server,', (_name, createAdapter) => {
  let nest: NestApp;
  let other: WebSocketServer;
  let upgrades: string[];

  beforeEach(async () => {
    nest = await startNestApp(createAdapter, { controllers: [RoomController], providers: [Gateway] });
    other = new WebSocketServer({ noServer: true });
    other.on('connection', (webSocket) => webSocket.send('other'));
    upgrades = [];
    (nest.app.getHttpServer() as Server).on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      upgrades.push(request.headers.upgrade ?? '');
      if (request.url === '/other') {
        other.handleUpgrade(request, socket, head, (webSocket) => other.emit('connection', webSocket, request));
      } else if (request.url === '/later') {
        // From the README of ws: authentication before the upgrade.
        socket.on('error', () => {});
        void turn().then(() => {
          socket.removeAllListeners('error');
          other.handleUpgrade(request, socket, head, (webSocket) => other.emit('connection', webSocket, request));
        });
      }
    });
  });
  afterEach(async () => {
    await endRawClients();
    other.close();
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  });

  it.each([
    ['/ws', 'gateway'],
    ['/room', 'controller'],
    ['/other', 'other'],
    ['/later', 'other'],
  ])('a handshake for %s has one response, from the %s', async (path, greeting) => {
    const client = await RawClient.open(nest.port, path);
    expect((await client.readFrame()).payload.toString()).toBe(greeting);
    const closed = once(client.socket, 'close');
    client.socket.on('data', (bytes: Buffer) => expect(bytes.toString('latin1')).not.toContain('HTTP/1.1'));
    client.end();
    await closed;
  });

  it('a handshake for an unknown path has one response', async () => {
    const client = await RawClient.connect(nest.port);
    client.write(handshake('/nowhere'));
    expect((await client.readResponse()).status).toBe(404);
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('the other server may take any other upgrade, and a request with a body is an ordinary request', async () => {
    const client = await RawClient.connect(nest.port);
    const headers = { ...handshakeHeaders, Upgrade: 'other/1' };
    client.write(requestHead('POST /nowhere HTTP/1.1', { ...headers, 'Content-Length': '4' }));
    client.write('body');
    expect((await client.readResponse()).status).toBe(404);
    client.write(requestHead('GET /nowhere HTTP/1.1', headers));
    expect((await client.readResponse()).status).toBe(404);
    expect(upgrades).toContain('other/1');
  });
});

describe.each(platforms)('On %s, next to a server of ws with its own path', (_name, createAdapter) => {
  let nest: NestApp;
  let other: WebSocketServer;
  const createOther = (app: INestApplication): void => {
    other = new WebSocketServer({ server: app.getHttpServer() as Server, path: '/other' });
    other.on('connection', (webSocket) => webSocket.send('other'));
  };

  afterEach(async () => {
    await endRawClients();
    other.close();
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  });

  describe.each<[string, (parts: NestAppParts) => Promise<NestApp>]>([
    ['before useWebSockets(app)', (parts) => startNestApp(createAdapter, parts, undefined, createOther)],
    ['after useWebSockets(app)', (parts) => startNestApp(createAdapter, parts, createOther)],
  ])('that was created %s,', (_when, start) => {
    beforeEach(async () => {
      nest = await start({ controllers: [RoomController], providers: [Gateway] });
    });

    it('a handshake for that path is answered by that server only', async () => {
      const client = await RawClient.open(nest.port, '/other');
      expect((await client.readFrame()).payload.toString()).toBe('other');
    });

    it.each(['/ws', '/room', '/nowhere'])(
      'a handshake for %s has one response, the 400 of that server',
      async (path) => {
        const client = await RawClient.connect(nest.port);
        client.write(handshake(path));
        expect((await client.readResponse()).status).toBe(400);
        expect(await client.readToEnd()).toHaveLength(0);
      },
    );
  });
});
