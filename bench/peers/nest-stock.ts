import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

/* A stock gateway on Express and `WsAdapter`, as in Nest's documentation. */

@WebSocketGateway({ perMessageDeflate: !!process.env.COMPRESSION })
class EchoGateway implements OnGatewayConnection<WebSocket> {
  handleConnection(client: WebSocket): void {
    client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
  }
}

@Module({ providers: [EchoGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
process.stdout.write(`Now listening on: ${await app.getUrl()}\n`);
