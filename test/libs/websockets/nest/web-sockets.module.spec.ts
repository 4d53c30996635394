import { Injectable, Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  WebSocketConnections,
  WebSocketsModule,
  type WebSocketOptions,
} from '../../../../libs/websockets/src/index.js';
import {
  RESOLVED_OPTIONS,
  resolveWebSocketOptions,
} from '../../../../libs/websockets/src/connection/web-socket-options.js';

const TIMEOUT = Symbol('timeout');

/** What an application may have its options from. */
@Module({ providers: [{ provide: TIMEOUT, useValue: 7 }], exports: [TIMEOUT] })
class ConfigurationModule {}

@Injectable()
class OptionsFactory {
  create(): WebSocketOptions {
    return { closeTimeout: 7 };
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

@Module({})
class AppModule {}

function start(...imports: DynamicModule[]): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext({ module: AppModule, imports }, { abortOnError: false, logger: false });
}

describe('WebSocketsModule', () => {
  it.each<[string, () => DynamicModule]>([
    ['forRoot', () => WebSocketsModule.forRoot({ closeTimeout: 7 })],
    ['forRootAsync with a factory', () => WebSocketsModule.forRootAsync({ useFactory: () => ({ closeTimeout: 7 }) })],
    [
      'forRootAsync with a factory that waits and is injected',
      () =>
        WebSocketsModule.forRootAsync({
          imports: [ConfigurationModule],
          inject: [TIMEOUT],
          useFactory: async (closeTimeout: number) => Promise.resolve({ closeTimeout }),
        }),
    ],
    ['forRootAsync with a class', () => WebSocketsModule.forRootAsync({ useClass: OptionsFactory })],
    [
      'forRootAsync with a provider',
      () => WebSocketsModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    ],
  ])('has the options of %s', async (_how, register) => {
    const context = await start(register());
    expect(context.get(RESOLVED_OPTIONS)).toMatchObject({ closeTimeout: 7, shutdownTimeout: 30_000 });
    await context.close();
  });

  it('needs no options', async () => {
    const context = await start(WebSocketsModule.forRoot());
    expect(context.get(RESOLVED_OPTIONS)).toEqual(resolveWebSocketOptions());
    await context.close();
  });

  it('offers the live connections to the modules that import it', async () => {
    @Module({ imports: [WebSocketsModule.forRoot()] })
    class Feature {
      constructor(readonly connections: WebSocketConnections) {}
    }
    const context = await start({ module: Feature });
    expect(context.get(Feature).connections).toBe(context.get(WebSocketConnections));
    await context.close();
  });

  it.each<[string, (DynamicModule | typeof WebSocketsModule)[]]>([
    ['does not import it', []],
    ['imports it without options', [WebSocketsModule]],
  ])('offers them to a feature module that %s, too', async (_how, imports) => {
    @Injectable()
    class Feature {
      constructor(readonly connections: WebSocketConnections) {}
    }
    @Module({ imports, providers: [Feature] })
    class FeatureModule {}

    const context = await start(WebSocketsModule.forRoot(), { module: FeatureModule });
    expect(context.get(Feature, { strict: false }).connections).toBe(
      context.get(WebSocketConnections, { strict: false }),
    );
    await context.close();
  });

  it('refuses wrong options of forRoot at once', () => {
    expect(() => WebSocketsModule.forRoot({ closeTimeout: -1 })).toThrow(
      'WebSocketsModule: closeTimeout is -1, but must be a whole number of ms from 0 to 2147483647.',
    );
  });

  it.each<[string, unknown, string]>([
    ['a wrong value', { closeTimeout: -1 }, 'closeTimeout is -1, but must be a whole number of ms'],
    ['an unknown option', { pingInterval: 1 }, 'pingInterval is not an option'],
    ['null', null, 'the options are null, but must be an object'],
  ])('does not let the application start with %s of forRootAsync', async (_what, options, message) => {
    await expect(start(WebSocketsModule.forRootAsync({ useFactory: () => options as object }))).rejects.toThrow(
      expect.objectContaining({ code: 'WS_INVALID_OPTION', message: expect.stringContaining(message) as string }),
    );
  });
});
