import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { useWebSockets, WebSocketsModule } from 'nest-raw-websockets';
import { ChatGateway } from './chat.gateway.js';
import { DigestGateway } from './digest.gateway.js';

@Module({ imports: [WebSocketsModule.forRoot()], providers: [ChatGateway, DigestGateway] })
class AppModule {}

export async function start(port: number): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['warn', 'error'] });
  useWebSockets(app);
  await app.listen(port, '127.0.0.1');
  return app;
}
