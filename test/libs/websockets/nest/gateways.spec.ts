import { Inject, Injectable, Logger, Module, Scope, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { INestApplication, Type } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { findGateways, guardHandlers, isRaw, type Gateway } from '../../../../libs/websockets/src/nest/gateways.js';
import { RecordingLogger } from '../../../support/nest-app.js';
import { platforms } from '../../../support/platforms.js';

@Module({})
class AppModule {}

@Injectable()
class NoGateway {}

@WebSocketGateway({ path: '/raw' })
class RawGateway {
  handleConnection(): void {}
}

@WebSocketGateway()
class StockGateway {
  @SubscribeMessage('event')
  handle(): void {}
}

@WebSocketGateway(8080, { path: '/own' })
class OwnPortGateway {}

@WebSocketGateway({ path: '/inherits' })
class InheritingGateway extends StockGateway {}

@Injectable({ scope: Scope.REQUEST })
class PerClient {}

@WebSocketGateway({ path: '/scoped' })
class ScopedGateway {
  constructor(@Inject(PerClient) readonly perClient: PerClient) {}
}

@Injectable({ scope: Scope.TRANSIENT })
@WebSocketGateway({ path: '/transient' })
class TransientGateway {}

const [[, createAdapter]] = platforms;

async function gatewaysOf(...providers: Provider[]): Promise<Gateway[]> {
  const app: INestApplication = await NestFactory.create({ module: AppModule, providers }, createAdapter(), {
    logger: false,
  });
  const gateways = findGateways(app);
  await app.close();
  return gateways;
}

describe('findGateways', () => {
  it.each<[string, Provider, Partial<Gateway>]>([
    ['a path', RawGateway, { name: 'RawGateway', path: '/raw', port: 0, isStatic: true, isSingleton: true }],
    ['no path', StockGateway, { name: 'StockGateway', path: '', port: 0, isStatic: true }],
    ['a port of its own', OwnPortGateway, { path: '/own', port: 8080, options: { path: '/own' }, module: 'AppModule' }],
    ['another token', { provide: 'TOKEN', useClass: RawGateway }, { name: 'RawGateway', path: '/raw' }],
    [
      'what it is injected made for each client',
      ScopedGateway,
      { name: 'ScopedGateway', isStatic: false, isSingleton: false },
    ],
    ['been left to others to make', TransientGateway, { name: 'TransientGateway', isStatic: true, isSingleton: false }],
  ])('finds one that has %s, and nothing else', async (_what, provider, expected) => {
    const gateways = await gatewaysOf(NoGateway, { provide: 'VALUE', useValue: 5 }, PerClient, provider);
    expect(gateways).toEqual([expect.objectContaining(expected)]);
  });

  it('leaves out what Nest does not take for a gateway: values and what factories make', async () => {
    const useFactory = (): RawGateway => new RawGateway();
    expect(
      await gatewaysOf({ provide: 'VALUE', useValue: new RawGateway() }, { provide: 'FACTORY', useFactory }),
    ).toEqual([]);
  });
});

describe('isRaw', () => {
  it.each<[string, Type, boolean]>([
    ['without @SubscribeMessage', RawGateway, true],
    ['with it', StockGateway, false],
    ['that inherits it', InheritingGateway, false],
    ['without any method', OwnPortGateway, true],
  ])('tells of a gateway %s: %p', async (_what, type, expected) => {
    const [gateway] = await gatewaysOf(type);
    expect(isRaw(gateway)).toBe(expected);
  });
});

describe('guardHandlers', () => {
  const request = {} as IncomingMessage;
  let logger: RecordingLogger;
  beforeEach(() => Logger.overrideLogger((logger = new RecordingLogger())));

  const gatewayOf = (instance: Gateway['instance'], isStatic = true): Gateway => ({
    name: 'TheGateway',
    path: '',
    port: 0,
    options: {},
    module: 'AppModule',
    instance,
    isStatic,
    isSingleton: isStatic,
  });

  it('calls a method with its own this and its arguments, at once', () => {
    class Recording {
      readonly calls: unknown[][] = [];

      handleConnection(...args: unknown[]): void {
        this.calls.push(args);
      }

      handleDisconnect(...args: unknown[]): void {
        this.calls.push(args);
      }
    }
    const instance = new Recording();
    const gateway = gatewayOf(instance);
    guardHandlers(gateway);
    void gateway.instance.handleConnection?.('client', request);
    void gateway.instance.handleDisconnect?.('client', 'reason');
    expect(instance.calls).toEqual([
      ['client', request],
      ['client', 'reason'],
    ]);
    expect(Object.hasOwn(new Recording(), 'handleConnection')).toBe(false);
  });

  it('closes the client with 1011 and logs once when handleConnection fails, also as a property', async () => {
    const gateway = gatewayOf({ handleConnection: () => Promise.reject(new Error('broken')) });
    guardHandlers(gateway);
    const statuses: number[] = [];
    await gateway.instance.handleConnection?.({ close: (status: number) => statuses.push(status) }, request);
    expect(statuses).toEqual([1011]);
    expect(logger.lines).toEqual([
      { level: 'error', text: expect.stringContaining('TheGateway.handleConnection failed: Error: broken') },
    ]);
  });

  it('logs once when handleDisconnect fails', async () => {
    const gateway = gatewayOf({
      handleDisconnect: () => {
        throw new Error('broken');
      },
    });
    guardHandlers(gateway);
    await gateway.instance.handleDisconnect?.('client', 'reason');
    expect(logger.lines).toEqual([
      { level: 'error', text: expect.stringContaining('TheGateway.handleDisconnect failed: Error: broken') },
    ]);
  });

  it('guards the class where Nest makes an instance per client', async () => {
    class PerClientGateway {
      handleDisconnect(): Promise<void> {
        return Promise.reject(new Error('broken'));
      }
    }
    guardHandlers(gatewayOf(Object.create(PerClientGateway.prototype) as PerClientGateway, false));
    await new PerClientGateway().handleDisconnect();
    expect(logger.lines).toHaveLength(1);
  });

  it('adds no handler where there is none', () => {
    const gateway = gatewayOf({});
    guardHandlers(gateway);
    expect(gateway.instance).toEqual({});
  });
});
