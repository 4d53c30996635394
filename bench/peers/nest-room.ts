import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  PreparedMessage,
  useWebSockets,
  WebSocketsModule,
  type RawWebSocketGateway,
  type WebSocketConnection,
} from 'nest-raw-websockets';

/* A room with the library of this project: all members hear each message. */

@WebSocketGateway({ path: '/room' })
class RoomGateway implements RawWebSocketGateway {
  private readonly members = new Set<WebSocketConnection>();

  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    this.members.add(webSocket);
    for await (const { data, type } of webSocket.messages()) {
      const message = new PreparedMessage(data, type);
      this.members.forEach((member) => void member.send(message));
    }
    this.members.delete(webSocket);
    await webSocket.close();
  }
}

@Module({ imports: [WebSocketsModule.forRoot()], providers: [RoomGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error', 'warn'] });
useWebSockets(app);
await app.listen(0, '127.0.0.1');
process.stdout.write(`Now listening on: ${await app.getUrl()}\n`);
