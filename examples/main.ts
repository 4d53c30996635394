import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { useWebSockets, WebSocketsModule } from 'nest-raw-websockets';
import { ChatRoomController } from './chat-room.controller.js';
import { SubprotocolController } from './subprotocol.controller.js';

/** The examples as one application. */
@Module({
  imports: [WebSocketsModule.forRoot({ maxMessageSize: 16 * 1024, maxMessagesPerSecond: 100 })],
  controllers: [ChatRoomController, SubprotocolController],
})
export class ExamplesModule {}

export async function startExamples(port: number): Promise<{ url: string; close(): Promise<void> }> {
  const app = await NestFactory.create(ExamplesModule, new FastifyAdapter(), { logger: ['warn', 'error'] });
  useWebSockets(app);
  await app.listen(port, '127.0.0.1');
  return { url: (await app.getUrl()).replace(/^http/, 'ws'), close: () => app.close() };
}
