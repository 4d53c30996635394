import { Inject, Injectable, Scope, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import type { RawWebSocketGateway, WebSocketConnection } from 'nest-raw-websockets';
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

abstract class ReturningGateway implements RawWebSocketGateway {
  handleWebSocket(): void {}
}

@Injectable({ scope: Scope.REQUEST })
@WebSocketGateway({ path: '/per-request' })
class PerRequestGateway extends ReturningGateway {}

@Injectable({ scope: Scope.TRANSIENT })
@WebSocketGateway({ path: '/transient' })
class TransientGateway extends ReturningGateway {}

@WebSocketGateway({ path: '/injected' })
class InjectedGateway extends ReturningGateway {
  constructor(readonly between: Between) {
    super();
  }
}

@WebSocketGateway({ path: '/property' })
class PropertyGateway extends ReturningGateway {
  @Inject() readonly perRequest!: PerRequest;
}

/** Follows the advice of the error. */
@WebSocketGateway({ path: '/resolving' })
class ResolvingGateway {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    private readonly transient: Transient,
  ) {}

  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    const { constructor } = await this.moduleRef.resolve(PerRequest);
    await webSocket.send(`${constructor.name} and ${this.transient.constructor.name}`);
  }
}

describe.each(platforms)('On %s, a raw gateway', (_name, createAdapter) => {
  afterEach(endRawClients);

  it.each<[string, Provider]>([
    ['is request-scoped', PerRequestGateway],
    ['is transient', TransientGateway],
    ['has a dependency with a request-scoped dependency', InjectedGateway],
    ['has a request-scoped property', PropertyGateway],
  ])('that %s is rejected at the start, with advice', async (_what, gateway) => {
    const app = await createNestApp(createAdapter, { providers: [PerRequest, Between, gateway] });
    const { name } = gateway as { name: string };
    await expect(app.init()).rejects.toMatchObject({
      name: 'WebSocketError',
      code: 'WS_GATEWAY_SCOPE',
      message: `${name} has handleWebSocket and so must have one instance, but it or one of its dependencies is request-scoped or transient. Get that with ModuleRef.resolve() in handleWebSocket, or accept in a controller.`,
    });
    await app.close();
  });

  it('may have a transient dependency, and may resolve a request-scoped one', async () => {
    const { app, port } = await startNestApp(createAdapter, { providers: [PerRequest, Transient, ResolvingGateway] });
    const client = await RawClient.open(port, '/resolving');
    expect((await client.readFrame()).payload.toString()).toBe('PerRequest and Transient');
    await endRawClients();
    await app.close();
  });
});
