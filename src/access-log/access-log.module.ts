import { Module, type DynamicModule } from '@nestjs/common';
import { ACCESS_LOG_OPTIONS, AccessLog, type AccessLogOptions } from './access-log.js';

/** The access log: a line for each connection that opened or closed, and for each handshake that was refused. */
@Module({ providers: [AccessLog] })
export class AccessLogModule {
  static register(options: AccessLogOptions): DynamicModule {
    return { module: AccessLogModule, providers: [{ provide: ACCESS_LOG_OPTIONS, useValue: options }] };
  }
}
