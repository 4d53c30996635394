import 'reflect-metadata';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';

@Module({})
class AppModule {
  static with(gateway: Type): DynamicModule {
    return { module: AppModule, providers: [gateway] };
  }
}

/** Starts a Nest application as its documentation has it: Express, the stock WebSocket adapter, and a gateway. */
export async function serveNest(gateway: Type): Promise<void> {
  const app = await NestFactory.create(AppModule.with(gateway), { logger: ['error', 'warn'] });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  process.stdout.write(`Now listening on: ${await app.getUrl()}\n`);
}
