import { Controller, Get, Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSockets, type WebSocketManager, type WebSocketOptions } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { until } from '../support/until.js';

/** Holds every handshake until it emits `release`, and counts them. */
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

/** The gate of the application under test. */
let gate: Gate;

@WebSocketGateway({
  path: '/verified',
  verifyClient: () => gate.pass(),
})
class VerifyingGateway {
  @SubscribeMessage('x')
  answer(): void {}
}

@Controller('guarded')
@UseGuards(GateGuard)
class GuardedController {
  @Get()
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await webSockets.accept().receive(() => {});
  }
}

/** The places where a handshake waits. */
const waits = [
  ['guard', '/guarded'],
  ['verifyClient', '/verified'],
] as const;

const cases = handshakeTransports.flatMap(([name, startApp]) =>
  waits.map(([wait, path]) => [name, wait, path, startApp] as const),
);

describe.each(cases)('Over %s, a handshake behind an asynchronous %s', (_name, _wait, path, startApp) => {
  let nest: HandshakeApp;

  async function start(options: WebSocketOptions): Promise<void> {
    nest = await startApp({ controllers: [GuardedController], providers: [Gate, VerifyingGateway], options });
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
  ])('counts towards %s', async (option, status) => {
    await start({ [option]: 2 });
    const accepted = [nest.shakeHands(path), nest.shakeHands(path)];
    await gate.holds(2);
    const refused = await Promise.all(Array.from({ length: 5 }, () => nest.shakeHands(path)));
    expect(refused.map((answer) => answer.status)).toEqual(Array(5).fill(status));
    gate.emit('release');
    expect((await Promise.all(accepted)).map(({ isAccepted }) => isAccepted)).toEqual([true, true]);
    expect((await nest.shakeHands(path)).status).toBe(status);
  });

  it('is no longer counted when it is refused, or when the client disconnects', async () => {
    await start({ maxConnections: 1 });
    expect((await nest.shakeHands('/nowhere')).status).toBe(404);
    const client = await nest.beginHandshake(path);
    await gate.holds(1);
    expect((await nest.shakeHands(path)).status).toBe(503);
    client.reset();
    // The server notices a little later.
    await until(async () => (await nest.shakeHands('/nowhere')).status !== 503);
    expect((await nest.shakeHands('/nowhere')).status).toBe(404);
    gate.emit('release');
  });

  it('is refused with 503 when it completes during a shutdown', async () => {
    await start({ shutdownTimeout: 2 ** 31 - 1 });
    const answer = nest.shakeHands(path);
    await gate.holds(1);
    const closed = nest.app.close();
    await turn();
    gate.emit('release');
    expect(await answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    await endHttp2Clients();
    await closed;
  });

  it('is cut after shutdownTimeout if it never completes', async () => {
    await start({ shutdownTimeout: 1 });
    const { gone } = await nest.beginHandshake(path);
    await gate.holds(1);
    const closed = nest.app.close();
    await gone;
    await endHttp2Clients(); // an HTTP/2 connection stays open for other streams
    await expect(closed).resolves.toBeUndefined();
  });
});
