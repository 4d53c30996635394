import { Module, type DynamicModule } from '@nestjs/common';
import { ACCESS_LOG_OPTIONS, AccessLog, type AccessLogOptions } from './access-log.js';

/** The access log: a line for each connection that opened or closed, and for each handshake that was refused. */
@Module({ providers: [AccessLog] })
export class AccessLogModule {
  /** @param webSockets the `WebSocketsModule` of the application */
  static register(options: AccessLogOptions, webSockets: DynamicModule): DynamicModule {
    return {
      module: AccessLogModule,
      imports: [webSockets],
      providers: [{ provide: ACCESS_LOG_OPTIONS, useValue: options }],
    };
  }
}
