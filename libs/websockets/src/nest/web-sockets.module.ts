import {
  ConfigurableModuleBuilder,
  Global,
  Inject,
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnModuleDestroy,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { WebSocketConnections } from '../connection/web-socket-connections.js';
import { TrustedProxies } from '../handshake/trusted-proxies.js';
import { resolveWebSocketOptions, WEB_SOCKET_OPTIONS, type WebSocketOptions } from './module-options.js';
import { WebSocketsAdapter } from './web-sockets.adapter.js';

const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  ASYNC_OPTIONS_TYPE: asyncOptionsType,
} = new ConfigurableModuleBuilder<WebSocketOptions>().setClassMethodName('forRoot').build();

/** Options of `WebSocketsModule.forRootAsync`: `useFactory` with `inject`, `useClass` or `useExisting`. */
export type WebSocketsModuleAsyncOptions = typeof asyncOptionsType;

/** Closes the connections when the application shuts down, before its HTTP server stops. */
@Injectable()
class WebSocketShutdown implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(WebSocketConnections.name);

  constructor(@Inject(WebSocketConnections) private readonly connections: WebSocketConnections) {}

  /** The first step of a shutdown. */
  onModuleDestroy(): void {
    this.connections.startDraining();
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { size, placesTaken, options } = this.connections;
    if (placesTaken > 0) {
      const pending = placesTaken - size;
      const handshakes = pending === 0 ? '' : ` and ${counted(pending, 'pending handshake')}`;
      const what = `${counted(size, 'WebSocket connection')}${handshakes}`;
      this.logger.log(`Closing ${what}, for at most ${options.shutdownTimeout} ms`);
    }
    await this.connections.drain();
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The providers of an application that has the options of `forRoot` or `forRootAsync`. */
const PARTS: Pick<Required<DynamicModule>, 'providers' | 'exports'> = {
  providers: [
    { provide: WEB_SOCKET_OPTIONS, useFactory: resolveWebSocketOptions, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: WebSocketConnections,
      useFactory: (options: Required<WebSocketOptions>) => new WebSocketConnections(options),
      inject: [WEB_SOCKET_OPTIONS],
    },
    {
      provide: TrustedProxies,
      useFactory: ({ trustProxy }: Required<WebSocketOptions>) => new TrustedProxies(trustProxy),
      inject: [WEB_SOCKET_OPTIONS],
    },
    WebSocketShutdown,
  ],
  exports: [WebSocketConnections, TrustedProxies],
};

/**
 * Holds the options and the live connections of raw WebSockets. Import it once, with `forRoot` or `forRootAsync`, and
 * call `useWebSockets(app)`. It is global: every module can inject `WebSocketConnections` and
 * `TrustedProxies`.
 */
@Global()
@Module({})
export class WebSocketsModule extends ConfigurableModuleClass {
  /** @throws WebSocketError `WS_INVALID_OPTION` that names every wrong option, its value and what is accepted. */
  static override forRoot(options: WebSocketOptions = {}): DynamicModule {
    resolveWebSocketOptions(options);
    return withParts(super.forRoot(options));
  }

  /** As `forRoot`, with options that are injected. A wrong one stops the start of the application. */
  static override forRootAsync(options: WebSocketsModuleAsyncOptions): DynamicModule {
    return withParts(super.forRootAsync(options));
  }
}

function withParts(module: DynamicModule): DynamicModule {
  return { ...module, providers: [...(module.providers ?? []), ...PARTS.providers], exports: PARTS.exports };
}

/**
 * Makes an application speak raw WebSockets: what `app.UseWebSockets()` is to ASP.NET Core. Call it after the
 * application was created and before it listens. The options are those of `WebSocketsModule`.
 *
 * For an interceptor that is global by then, such as one of `APP_INTERCEPTOR`, the call of a controller that accepts lasts as
 * long as the WebSocket. For one that `app.useGlobalInterceptors()` adds later, and for one of the controller, it lasts as
 * long as the method.
 *
 * @throws WebSocketError `WS_MODULE_MISSING` when no module of the application imports `WebSocketsModule`,
 * `WS_MODULE_CONFLICT` when it is imported twice, `WS_ALREADY_USED` when this was called before.
 */
export function useWebSockets(app: INestApplication): void {
  app.useWebSocketAdapter(new WebSocketsAdapter(app));
}
