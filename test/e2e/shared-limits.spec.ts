import { Controller, Get, UseGuards, type CanActivate } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { EventEmitter, once } from 'node:events';
import {
  WebSocketConnections,
  WebSockets,
  type ConnectionLimit,
  type SharedLimits,
  type WebSocketConnection,
  type WebSocketManager,
  type WebSocketOptions,
} from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { until } from '../support/until.js';

@WebSocketGateway({ path: '/ws' })
class Gateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.receive((fragment) => webSocket.send(fragment));
  }
}

class Closed implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller()
class RoomController {
  @Get('room')
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await webSockets.accept().receive(() => {});
  }

  @Get('guarded')
  @UseGuards(Closed)
  guarded(): void {}
}

/** Counts places, and answers with what a test wants. */
class CountedLimits extends EventEmitter implements SharedLimits {
  readonly asked: string[] = [];
  taken = 0;
  answer: () => Promise<ConnectionLimit | undefined> = () => Promise.resolve(undefined);

  async take(remoteAddress: string): Promise<ConnectionLimit | undefined> {
    this.asked.push(remoteAddress);
    this.emit('asked');
    const limit = await this.answer();
    this.taken += limit === undefined ? 1 : 0;
    return limit;
  }

  release(remoteAddress: string): void {
    expect(this.asked).toContain(remoteAddress);
    this.taken--;
    this.emit('released');
  }
}

describe.each(handshakeTransports)('sharedLimits on %s', (_name, startApp) => {
  let app: HandshakeApp;
  let limits: CountedLimits;

  const start = async (options: WebSocketOptions = { maxConnections: 10 }): Promise<void> => {
    limits = new CountedLimits();
    app = await startApp({
      controllers: [RoomController],
      providers: [Gateway],
      options: { ...options, sharedLimits: limits },
    });
  };
  afterEach(async () => {
    await endHttp2Clients();
    await endRawClients();
    await app.app.close();
    expect(app.logger.alarms).toEqual([]);
    expect(limits.taken).toBe(0);
  });

  it.each(['/ws', '/room'])('has a place for a WebSocket at %s as long as that lasts', async (path) => {
    await start();

    const { isAccepted, client } = await app.shakeHands(path);

    expect(isAccepted).toBe(true);
    expect(limits.asked).toEqual(['127.0.0.1']);
    expect(limits.taken).toBe(1);
    client.destroy();
    await once(limits, 'released');
  });

  it('gives the place back when the application refuses', async () => {
    await start();
    const released = once(limits, 'released');

    const { status, client } = await app.shakeHands('/guarded');

    expect(status).toBe(403);
    client.destroy();
    await released;
  });

  it.each<[ConnectionLimit, number]>([
    ['maxConnections', 503],
    ['maxConnectionsPerAddress', 429],
  ])('refuses when %s is reached, with %d', async (limit, expected) => {
    await start({ [limit]: 7 });
    limits.answer = () => Promise.resolve(limit);

    const { status, headers, body } = await app.shakeHands('/ws');

    expect(status).toBe(expected);
    expect(headers).toMatchObject({ 'retry-after': '5' });
    expect(body).toContain(`as ${limit} allows, which is 7.`);
  });

  it('refuses with 500 when the limits cannot be read', async () => {
    await start();
    limits.answer = () => Promise.reject(new Error('The other process has ended.'));

    await expect(app.shakeHands('/ws')).resolves.toMatchObject({ status: 500 });

    expect(app.logger.alarms).toEqual([
      {
        level: 'error',
        text: expect.stringContaining('sharedLimits.take failed: Error: The other process has ended.') as string,
      },
    ]);
    app.logger.lines.length = 0;
  });

  it.each<[string, WebSocketOptions]>([
    ['without a limit', {}],
    ['for a handshake that is refused anyway', { maxConnections: 1, requireOrigin: true }],
  ])('is not asked %s', async (_when, options) => {
    await start(options);

    await expect(app.shakeHands('/guarded')).resolves.toMatchObject({ status: 403 });

    expect(limits.asked).toEqual([]);
  });

  it('gives the place back of a client that has gone meanwhile', async () => {
    await start();
    let answer!: () => void;
    limits.answer = () => new Promise((resolve) => (answer = () => resolve(undefined)));
    const asked = once(limits, 'asked');
    const waiting = await app.beginHandshake('/room');
    await asked;

    const connections = app.app.get(WebSocketConnections);
    const refused = new Promise((resolve) =>
      connections.observe({ refused: (_handshake, { reason }) => resolve(reason) }),
    );
    const released = once(limits, 'released');
    waiting.reset();
    waiting.gone.catch(() => {});
    await until(() => connections.placesTaken === 0);
    answer();

    await released;
    expect(limits.taken).toBe(0);
    await expect(refused).resolves.toBe('aborted');
  });

  it('refuses with 503 when the application shuts down meanwhile', async () => {
    await start();
    let answer!: () => void;
    limits.answer = () => new Promise((resolve) => (answer = () => resolve(undefined)));
    const asked = once(limits, 'asked');
    const handshake = app.shakeHands('/ws');
    await asked;

    const released = once(limits, 'released');
    void app.app.close();
    await until(() => app.app.get(WebSocketConnections).isDraining);
    answer();

    const { status, client } = await handshake;
    expect(status).toBe(503);
    client.destroy();
    await released;
  });
});
