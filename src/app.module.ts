import { Module, type DynamicModule } from '@nestjs/common';
import { CONFIGURATION, type Configuration } from './config/configuration.js';
import { EchoModule } from './echo/echo.module.js';
import { HttpDrain } from './http-drain.js';
import { PageModule } from './page/page.module.js';
import { RpcModule } from './rpc/rpc.module.js';
import { SocketsModule } from './sockets/sockets.module.js';
import { WebSocketsModule } from './websockets/index.js';

/** The parts of the application, with the options that each is given. */
@Module({})
export class AppModule {
  static register(configuration: Configuration): DynamicModule {
    return {
      module: AppModule,
      imports: [WebSocketsModule.forRoot(configuration.webSockets), EchoModule, SocketsModule, RpcModule, PageModule],
      providers: [{ provide: CONFIGURATION, useValue: configuration }, HttpDrain],
    };
  }
}
