import { ConfigurableModuleBuilder, Global, Module, type DynamicModule } from '@nestjs/common';
import { WebSocketConnections } from '../connection/web-socket-connections.js';
import { RESOLVED_OPTIONS, resolveWebSocketOptions, type WebSocketOptions } from '../connection/web-socket-options.js';

const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  ASYNC_OPTIONS_TYPE: asyncOptionsType,
} = new ConfigurableModuleBuilder<WebSocketOptions>().setClassMethodName('forRoot').build();

/** Options of `WebSocketsModule.forRootAsync`: `useFactory` with `inject`, `useClass` or `useExisting`. */
export type WebSocketsModuleAsyncOptions = typeof asyncOptionsType;

/** What an application has once, with the options that `forRoot` or `forRootAsync` provide. */
const PARTS: Pick<Required<DynamicModule>, 'providers' | 'exports'> = {
  providers: [
    { provide: RESOLVED_OPTIONS, useFactory: resolveWebSocketOptions, inject: [MODULE_OPTIONS_TOKEN] },
    WebSocketConnections,
  ],
  exports: [WebSocketConnections],
};

/**
 * Holds the options and the live connections of raw WebSockets. Import it once, with `forRoot` or `forRootAsync`, and
 * call `useWebSockets(app)`. It is global: every module can inject `WebSocketConnections`.
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
