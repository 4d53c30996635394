// A server that reads whole messages and answers with their types and lengths.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway } from '@nestjs/websockets';
import { useWebSockets, WebSocketsModule } from 'nest-raw-websockets';

class CollectingGateway {
  async handleWebSocket(webSocket) {
    for await (const { type, data } of webSocket.messages()) {
      await webSocket.send(`${type} ${data.length}`);
    }
  }
}
WebSocketGateway({ path: '/ws' })(CollectingGateway);

const app = await NestFactory.create(
  { module: CollectingGateway, imports: [WebSocketsModule.forRoot()], providers: [CollectingGateway] },
  new FastifyAdapter(),
  { logger: false },
);
useWebSockets(app);
await app.listen(0, '127.0.0.1');
process.stdout.write(`Now listening on: http://127.0.0.1:${app.getHttpServer().address().port}\n`);
