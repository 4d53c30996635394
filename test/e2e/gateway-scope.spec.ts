import { Inject, Injectable, Scope, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import type { WebSocketConnection } from 'nest-raw-websockets';
import { createNestApp, startNestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, RawClient } from '../support/raw-client.js';

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {}

@Injectable()
class Between {
  constructor(readonly perRequest: PerRequest) {}
}

@Injectable({ scope: Scope.REQUEST })
@WebSocketGateway({ path: '/per-request' })
class PerRequestGateway {}

@Injectable({ scope: Scope.TRANSIENT })
@WebSocketGateway({ path: '/transient' })
class TransientGateway {}

@WebSocketGateway({ path: '/injected' })
class InjectedGateway {
  constructor(readonly between: Between) {}
}

@WebSocketGateway({ path: '/property' })
class PropertyGateway {
  @Inject() readonly perRequest!: PerRequest;
}

/** What the error advises. */
@WebSocketGateway({ path: '/resolving' })
class ResolvingGateway {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    private readonly transient: Transient,
  ) {}

  async handleConnection(webSocket: WebSocketConnection): Promise<void> {
    const { constructor } = await this.moduleRef.resolve(PerRequest);
    await webSocket.send(`${constructor.name} and ${this.transient.constructor.name}`);
  }
}

describe.each(platforms)('On %s, a raw gateway', (_name, createAdapter) => {
  afterEach(endRawClients);

  it.each<[string, Provider]>([
    ['is request-scoped', PerRequestGateway],
    ['is transient', TransientGateway],
    ['is injected what needs something request-scoped', InjectedGateway],
    ['has a request-scoped property', PropertyGateway],
  ])('that %s cannot be, and the error at the start says what to do', async (_what, gateway) => {
    const app = await createNestApp(createAdapter, { providers: [PerRequest, Between, gateway] });
    const { name } = gateway as { name: string };
    await expect(app.init()).rejects.toMatchObject({
      name: 'WebSocketError',
      code: 'WS_GATEWAY_SCOPE',
      message: `${name} has no @SubscribeMessage handlers, so there must be one of it, but it or what it is injected is request-scoped or transient. Get that with ModuleRef.resolve() in handleConnection, or accept in a controller.`,
    });
    await app.close();
  });

  it('may be injected what is transient, and may resolve what is request-scoped', async () => {
    const { app, port } = await startNestApp(createAdapter, { providers: [PerRequest, Transient, ResolvingGateway] });
    const client = await RawClient.open(port, '/resolving');
    expect((await client.readFrame()).payload.toString()).toBe('PerRequest and Transient');
    await endRawClients();
    await app.close();
  });
});
