import { Controller, Get, Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { WebSockets, type WebSocketManager, type WebSocketOptions } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { removeFolders } from '../support/https-app.js';
import { endRawClients } from '../support/raw-client.js';

/** Lets nobody pass before `release` is called, and says whom it holds. */
@Injectable()
class Gate extends EventEmitter {
  held = 0;

  async pass(): Promise<boolean> {
    this.held++;
    this.emit('held');
    await once(this, 'release');
    return true;
  }

  async holds(count: number): Promise<void> {
    while (this.held < count) {
      await once(this, 'held');
    }
  }
}

@Injectable()
class GateGuard implements CanActivate {
  constructor(private readonly gate: Gate) {}

  canActivate(): Promise<boolean> {
    return this.gate.pass();
  }
}

@Controller('guarded')
@UseGuards(GateGuard)
class GuardedController {
  @Get()
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await webSockets.accept().receive(() => {});
  }
}

afterAll(removeFolders);

describe.each(handshakeTransports)('Over %s, a handshake behind an asynchronous guard', (_name, startApp) => {
  let nest: HandshakeApp;
  let gate: Gate;

  async function start(options: WebSocketOptions): Promise<void> {
    nest = await startApp({ controllers: [GuardedController], providers: [Gate], options });
    gate = nest.app.get(Gate);
  }
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  });

  it.each([
    ['maxConnections', 503],
    ['maxConnectionsPerAddress', 429],
  ])('takes a place of %s, and gives it back', async (option, status) => {
    await start({ [option]: 2 });
    const accepted = [nest.shakeHands('/guarded'), nest.shakeHands('/guarded')];
    await gate.holds(2);
    const refused = await Promise.all(Array.from({ length: 5 }, () => nest.shakeHands('/guarded')));
    expect(refused.map((answer) => answer.status)).toEqual(Array(5).fill(status));
    // One that is refused by the router gives its place back at once.
    gate.emit('release');
    expect((await Promise.all(accepted)).map(({ isAccepted }) => isAccepted)).toEqual([true, true]);
    expect((await nest.shakeHands('/guarded')).status).toBe(status);
  });

  it('gives its place back when it is refused, and when the client goes away', async () => {
    await start({ maxConnections: 1 });
    expect((await nest.shakeHands('/nowhere')).status).toBe(404);
    const client = await nest.beginHandshake('/guarded');
    await gate.holds(1);
    expect((await nest.shakeHands('/guarded')).status).toBe(503);
    client.reset();
    let status: number;
    do {
      ({ status } = await nest.shakeHands('/nowhere')); // the server hears of it a little later
    } while (status === 503);
    expect(status).toBe(404);
    gate.emit('release');
  });

  it('is refused with 503 when the guard lets it pass while the application shuts down', async () => {
    await start({ shutdownTimeout: 2 ** 31 - 1 });
    const answer = nest.shakeHands('/guarded');
    await gate.holds(1);
    const closed = nest.app.close();
    await new Promise((resolve) => setImmediate(resolve));
    gate.emit('release');
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    await endHttp2Clients();
    await closed;
  });

  it('is cut after shutdownTimeout when the guard never ends', async () => {
    await start({ shutdownTimeout: 1 });
    await nest.beginHandshake('/guarded');
    await gate.holds(1);
    const closed = nest.app.close();
    await endHttp2Clients(); // of HTTP/2 the connection stays open, for other streams
    await expect(closed).resolves.toBeUndefined();
  });
});
