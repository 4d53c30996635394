import {
  Injectable,
  Module,
  type DynamicModule,
  type INestApplication,
  type INestApplicationContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import {
  useWebSockets,
  WebSocketConnections,
  WebSocketsModule,
  type WebSocketOptions,
} from '../../../../libs/websockets/src/index.js';
import { resolveWebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { RecordingLogger } from '../../../support/nest-app.js';
import { platforms } from '../../../support/platforms.js';
import { connect } from '../../../support/socket-pair.js';

const TIMEOUT = Symbol('timeout');

/** A source of options in an application. */
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
      'forRootAsync with an asynchronous factory that has dependencies',
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
  ])('takes the options of %s', async (_how, register) => {
    const context = await start(register());
    expect(context.get(WebSocketConnections).options).toMatchObject({ closeTimeout: 7, shutdownTimeout: 30_000 });
    await context.close();
  });

  it('needs no options', async () => {
    const context = await start(WebSocketsModule.forRoot());
    expect(context.get(WebSocketConnections).options).toEqual(resolveWebSocketOptions());
    await context.close();
  });

  it('exports the live connections to the modules that import it', async () => {
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
  ])('exports them to a feature module that %s', async (_how, imports) => {
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

  it('rejects invalid options of forRoot at once', () => {
    expect(() => WebSocketsModule.forRoot({ closeTimeout: -1 })).toThrow(
      'WebSocketsModule: closeTimeout is -1, but must be a whole number of ms from 0 to 2147483647.',
    );
  });

  it.each<[string, unknown, string]>([
    ['an invalid value', { closeTimeout: -1 }, 'closeTimeout is -1, but must be a whole number of ms'],
    ['an unknown option', { pingInterval: 1 }, 'pingInterval is not an option'],
    ['null', null, 'the options are null, but must be an object'],
  ])('stops the start of an application with %s from forRootAsync', async (_what, options, message) => {
    await expect(start(WebSocketsModule.forRootAsync({ useFactory: () => options as object }))).rejects.toThrow(
      expect.objectContaining({ code: 'WS_INVALID_OPTION', message: expect.stringContaining(message) as string }),
    );
  });

  it('closes the connections at shutdown, and logs their number', async () => {
    const logger = new RecordingLogger();
    const imports = [WebSocketsModule.forRoot({ shutdownTimeout: 0 })];
    const context = await NestFactory.createApplicationContext({ module: AppModule, imports }, { logger });
    const { connection } = connect();
    context.get(WebSocketConnections).add(connection);
    await context.close();
    expect(connection.state).toBe('aborted');
    expect(logger.lines.filter(({ text }) => text.startsWith('Closing'))).toEqual([
      { level: 'log', text: expect.stringContaining('Closing 1 WebSocket connection, for at most 0 ms') },
    ]);
  });

  it('logs nothing at shutdown without connections', async () => {
    const logger = new RecordingLogger();
    const imports = [WebSocketsModule.forRoot()];
    const context = await NestFactory.createApplicationContext({ module: AppModule, imports }, { logger });
    await context.close();
    expect(logger.lines.filter(({ text }) => text.startsWith('Closing'))).toEqual([]);
  });
});

describe.each(platforms)('useWebSockets on %s', (_name, createAdapter) => {
  const create = (...imports: Parameters<typeof WebSocketsModule.forRoot>[]): Promise<INestApplication> =>
    NestFactory.create(
      { module: AppModule, imports: imports.map((args) => WebSocketsModule.forRoot(...args)) },
      createAdapter(),
      { logger: false },
    );

  it('requires WebSocketsModule, with a clear error', async () => {
    const app = await create();
    expect(() => useWebSockets(app)).toThrow(
      expect.objectContaining({
        name: 'WebSocketError',
        code: 'WS_MODULE_MISSING',
        message: expect.stringContaining('needs WebSocketsModule.forRoot() or forRootAsync()') as string,
      }),
    );
    expect((app.getHttpServer() as Server).listenerCount('upgrade')).toBe(0);
    await app.close();
  });

  it('cannot be called twice, with a clear error', async () => {
    const app = await create([]);
    useWebSockets(app);
    expect(() => useWebSockets(app)).toThrow(
      expect.objectContaining({
        code: 'WS_ALREADY_USED',
        message: 'useWebSockets(app) was called before for this application.',
      }),
    );
    expect((app.getHttpServer() as Server).listenerCount('upgrade')).toBe(1);
    await app.close();
  });

  it.each([
    ['forRoot()', () => [WebSocketsModule.forRoot(), WebSocketsModule.forRoot()]],
    ['forRootAsync()', () => [WebSocketsModule.forRoot(), WebSocketsModule.forRootAsync({ useFactory: () => ({}) })]],
  ])('rejects a second module through %s, which would be a second registry', async (_how, register) => {
    const app = await NestFactory.create({ module: AppModule, imports: register() }, createAdapter(), {
      logger: false,
    });
    expect(() => useWebSockets(app)).toThrow(
      expect.objectContaining({
        code: 'WS_MODULE_CONFLICT',
        message: expect.stringContaining('is imported 2 times. Import it once: it is global') as string,
      }),
    );
    await app.close();
  });

  it('listens for upgrades once, until the application is closed', async () => {
    const app = await create([]);
    const server = app.getHttpServer() as Server;
    useWebSockets(app);
    expect(server.listenerCount('upgrade')).toBe(1);
    await app.listen(0, '127.0.0.1');
    expect(server.listenerCount('upgrade')).toBe(1);
    await app.close();
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});
