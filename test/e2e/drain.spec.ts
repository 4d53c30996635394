import { Controller, Get } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type {
  GatewayServer,
  WsCompatibleClient,
  RawWebSocketGateway,
  WebSocketClosed,
  WebSocketConnection,
} from 'nest-raw-websockets';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, handshake, RawClient, requestHead } from '../support/raw-client.js';
import { close, text } from '../libs/websockets/protocol/client-frame.js';

@WebSocketGateway({ path: '/raw' })
class RawGateway implements RawWebSocketGateway {
  readonly ends: WebSocketClosed[] = [];

  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
    await webSocket.close(peer.status, peer.description);
  }

  handleDisconnect(_webSocket: WebSocketConnection, closed: WebSocketClosed): void {
    this.ends.push(closed);
  }
}

/** Neither reads nor returns. */
@WebSocketGateway({ path: '/deaf' })
class DeafGateway implements RawWebSocketGateway {
  handleWebSocket(): Promise<void> {
    return new Promise(() => {});
  }
}

/** Sends more than all buffers hold. */
@WebSocketGateway({ path: '/flood' })
class FloodGateway implements RawWebSocketGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    for (;;) {
      await webSocket.send(Buffer.alloc(1024 * 1024));
      if (webSocket.state !== 'open') {
        return;
      }
    }
  }
}

@WebSocketGateway({ path: '/stock' })
class StockGateway {
  @WebSocketServer() readonly server!: GatewayServer<WsCompatibleClient>;
  disconnects = 0;

  handleDisconnect(): void {
    this.disconnects++;
  }

  @SubscribeMessage('value')
  value(): unknown {
    return { event: 'value', data: 42 };
  }
}

@Controller('hello')
class HelloController {
  @Get()
  get(): string {
    return 'Hello';
  }
}

const goingAway = { status: 1001, reason: 'Server shutting down' };

describe.each(platforms)('On %s, app.close()', (_name, createAdapter) => {
  const start = (shutdownTimeout: number): Promise<NestApp> =>
    startNestApp(createAdapter, {
      controllers: [HelloController],
      providers: [RawGateway, DeafGateway, FloodGateway, StockGateway],
      options: { shutdownTimeout },
    });

  afterEach(endRawClients);

  it('closes 200 clients with 1001, raw and stock, and none ends with 1006', async () => {
    const { app, host, logger } = await start(30_000);
    const clients = Array.from(
      { length: 200 },
      (_, i) => new WebSocket(`ws://${host}${i % 2 === 0 ? '/raw' : '/stock'}`),
    );
    await Promise.all(clients.map((client) => once(client, 'open')));
    const closings = clients.map((client) => once(client, 'close') as Promise<[number, Buffer]>);

    await app.close();

    const codes = (await Promise.all(closings)).map(([code, reason]) => `${code} ${String(reason)}`);
    expect(codes).toEqual(clients.map(() => '1001 Server shutting down'));
    expect(app.get(RawGateway).ends).toHaveLength(100);
    await turn();
    expect(app.get(StockGateway).disconnects).toBe(100);
    expect(app.get(StockGateway).server.clients.size).toBe(0);
    expect(logger.alarms).toEqual([]);
  });

  it('sends earlier messages, and answers no further messages', async () => {
    const { app, port } = await start(30_000);
    const client = await RawClient.open(port, '/raw');
    client.write(text('before'));
    expect((await client.readFrame()).payload.toString()).toBe('before');
    const closed = app.close();
    expect(await client.readClose()).toEqual(goingAway);
    client.write(text('after'));
    client.socket.end(close(1001));
    expect(await client.readToEnd()).toHaveLength(0);
    await closed;
    expect(app.get(RawGateway).ends).toEqual([{ by: 'server', status: 1001, description: 'Server shutting down' }]);
  });

  it.each(['/raw', '/stock', '/deaf'])('cuts clients of %s that do not answer within shutdownTimeout', async (path) => {
    const { app, port, logger } = await start(50);
    const client = await RawClient.open(port, path);
    const closed = app.close();
    expect(await client.readClose()).toEqual(goingAway);
    await closed;
    expect(await client.readToEnd()).toHaveLength(0);
    expect(logger.alarms).toEqual([]);
  });

  it('cuts a client that does not read', async () => {
    const { app, port } = await start(50);
    await RawClient.open(port, '/flood');
    await expect(app.close()).resolves.toBeUndefined();
  });

  it.each<[string, (client: RawClient) => unknown]>([
    ['answers and leaves its half open', (client) => client.write(close(1001))],
    ['ends its half without an answer', (client) => client.socket.end()],
    ['resets the connection', (client) => client.reset()],
    ['violates the protocol', (client) => client.write(Buffer.from([0xff, 0xff]))],
  ])('resolves even if a client %s', async (_what, act) => {
    const { app, port, logger } = await start(50);
    const client = await RawClient.open(port, '/raw');
    const closed = app.close();
    await client.readClose();
    act(client);
    await closed;
    expect(logger.alarms).toEqual([]);
  });

  it('answers handshakes with 503 meanwhile, on new and on existing connections', async () => {
    const { app, port } = await start(30_000);
    const straggler = await RawClient.open(port, '/raw');
    const waiting = await RawClient.connect(port);
    waiting.write(requestHead('GET /hello HTTP/1.1', { Host: 'localhost' }));
    expect((await waiting.readResponse()).body).toBe('Hello');

    const closed = app.close();
    await straggler.readClose();

    for (const client of [await RawClient.connect(port), waiting]) {
      client.write(handshake('/raw'));
      const response = await client.readResponse();
      expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '5', connection: 'close' } });
      expect(JSON.parse(response.body)).toMatchObject({ message: 'The server is shutting down.' });
      client.socket.end();
    }
    straggler.socket.end(close(1001));
    await closed;
  });

  it('does not wait for a connection after an ordinary upgrade request', async () => {
    const { app, port } = await start(30_000);
    const client = await RawClient.connect(port);
    client.write(handshake('/hello', { Upgrade: 'h2c' }));
    expect((await client.readResponse()).body).toBe('Hello');
    await expect(app.close()).resolves.toBeUndefined();
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('resolves at once without clients, for two calls at the same time and for another', async () => {
    const { app, logger } = await start(30_000);
    const server = app.getHttpServer() as Server;
    await Promise.all([app.close(), app.close()]);
    expect(server.listening).toBe(false);
    expect(['upgrade', 'connect'].map((event) => server.listenerCount(event))).toEqual([0, 0]);
    expect(logger.lines.filter(({ text: line }) => line.startsWith('Closing'))).toEqual([]);
    await expect(app.close()).resolves.toBeUndefined();
  });

  it('may be called twice while clients are connected', async () => {
    const { app, port } = await start(30_000);
    const client = await RawClient.open(port, '/raw');
    const closed = Promise.all([app.close(), app.close()]);
    expect(await client.readClose()).toEqual(goingAway);
    client.socket.end(close(1001));
    expect(await client.readToEnd()).toHaveLength(0);
    await closed;
  });
});
