import { Inject, Injectable, Logger, Module, Scope, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { INestApplication, Type } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import {
  findGateways,
  gatewayPath,
  guardHandlers,
  isRaw,
  type Gateway,
} from '../../../../libs/websockets/src/nest/gateways.js';
import { RecordingLogger } from '../../../support/nest-app.js';
import { platforms } from '../../../support/platforms.js';

@Module({})
class AppModule {}

@Injectable()
class NoGateway {}

@WebSocketGateway({ path: '/raw' })
class RawGateway {
  handleWebSocket(): void {}
}

@WebSocketGateway({ path: '/inherits-raw' })
class InheritingRawGateway extends RawGateway {}

/** A gateway whose handler is a property. */
@WebSocketGateway({ path: '/property' })
class PropertyGateway {
  readonly handleWebSocket = (): void => {};
}

@WebSocketGateway({ path: '/listening' })
class ListeningGateway {
  handleConnection(): void {}
}

@WebSocketGateway({ path: '/connection-too' })
class ConnectionTooGateway extends RawGateway {
  handleConnection(): void {}
}

@WebSocketGateway({ path: '/messages-too' })
class MessagesTooGateway extends RawGateway {
  @SubscribeMessage('one')
  first(): void {}

  @SubscribeMessage('two')
  second(): void {}
}

@WebSocketGateway({ path: '/raw-stock' })
class RawStockGateway extends ListeningGateway {
  handleWebSocket(): void {}
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
    ['its own port', OwnPortGateway, { path: '/own', port: 8080, options: { path: '/own' }, module: 'AppModule' }],
    ['another token', { provide: 'TOKEN', useClass: RawGateway }, { name: 'RawGateway', path: '/raw' }],
    ['a request-scoped dependency', ScopedGateway, { name: 'ScopedGateway', isStatic: false, isSingleton: false }],
    ['a transient scope', TransientGateway, { name: 'TransientGateway', isStatic: true, isSingleton: false }],
  ])('finds a gateway with %s, and nothing else', async (_what, provider, expected) => {
    const gateways = await gatewaysOf(NoGateway, { provide: 'VALUE', useValue: 5 }, PerClient, provider);
    expect(gateways).toEqual([expect.objectContaining(expected)]);
  });

  it('omits values and the results of factories, as Nest does', async () => {
    const useFactory = (): RawGateway => new RawGateway();
    expect(
      await gatewaysOf({ provide: 'VALUE', useValue: new RawGateway() }, { provide: 'FACTORY', useFactory }),
    ).toEqual([]);
  });
});

describe('isRaw', () => {
  it.each<[string, Type, boolean]>([
    ['handleWebSocket', RawGateway, true],
    ['an inherited handleWebSocket', InheritingRawGateway, true],
    ['handleWebSocket as a property', PropertyGateway, true],
    ['@SubscribeMessage', StockGateway, false],
    ['an inherited @SubscribeMessage', InheritingGateway, false],
    ['handleConnection', ListeningGateway, false],
    ['no method', OwnPortGateway, false],
  ])('for a gateway with %s returns %p', async (_what, type, expected) => {
    const [gateway] = await gatewaysOf(type);
    expect(isRaw(gateway)).toBe(expected);
  });

  it.each<[Type, string]>([
    [ConnectionTooGateway, 'handleConnection'],
    [RawStockGateway, 'handleConnection'],
    [MessagesTooGateway, 'first with @SubscribeMessage, second with @SubscribeMessage'],
  ])('rejects %p, which is both raw and stock', async (type, stockParts) => {
    const [gateway] = await gatewaysOf(type);
    expect(() => isRaw(gateway)).toThrow(
      expect.objectContaining({
        code: 'WS_GATEWAY_KIND',
        message: `${type.name} has handleWebSocket, which makes it a raw gateway, and ${stockParts}, which only a stock gateway can have. Make two gateways of it, with a path each.`,
      }),
    );
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

  it('calls a method at once, with its own `this` and its arguments', () => {
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

  it('closes the client with 1011 and logs once when handleConnection fails, even if it is a property', async () => {
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

  it('guards the class when Nest creates an instance per client', async () => {
    class PerClientGateway {
      handleDisconnect(): Promise<void> {
        return Promise.reject(new Error('broken'));
      }
    }
    guardHandlers(gatewayOf(Object.create(PerClientGateway.prototype) as PerClientGateway, false));
    await new PerClientGateway().handleDisconnect();
    expect(logger.lines).toHaveLength(1);
  });

  it('adds no handlers to a gateway without handlers', () => {
    const gateway = gatewayOf({});
    guardHandlers(gateway);
    expect(gateway.instance).toEqual({});
  });
});

describe('gatewayPath', () => {
  it.each([
    // Request targets for a gateway at /ws
    ['/ws', '/ws'],
    ['/WS', '/ws'],
    ['/ws/', '/ws'],
    ['/ws?x=1', '/ws'],
    ['/ws/?x=/y/', '/ws'],
    ['/ws#fragment', '/ws'],
    ['/%77s', '/ws'],
    ['http://example.com/ws', '/ws'],
    ['HTTPS://example.com:8443/Ws/?x', '/ws'],
    ['ws://example.com/ws', '/ws'],
    ['wss://example.com/ws', '/ws'],
    // Declared paths of gateways
    ['ws', '/ws'],
    ['', '/'],
    ['/', '/'],
    ['/a/b/', '/a/b'],
    // Other paths
    ['http://example.com', '/'],
    ['http://example.com?x', '/'],
    ['/ws/x', '/ws/x'],
    ['//ws', '//ws'],
    ['//example.com/ws', '//example.com/ws'],
    ['/%2Fws', '//ws'],
    ['/ws%2F', '/ws/'],
    ['/ws%3Fx=1', '/ws?x=1'],
    ['/x?http://example.com/ws', '/x'],
    ['*', '/*'],
    // Undecodable paths
    ['/%', '/%'],
    ['/%FF', '/%ff'],
    // Paths outside ASCII
    ['/gr%C3%BC%C3%9Fe', '/grüße'],
    ['/GRÜSSE', '/grüsse'],
  ])('maps %j to %j', (url, path) => {
    expect(gatewayPath(url)).toBe(path);
  });
});
