// A server with nestjs-cls and nestjs-pino. They are CommonJS and require() Nest, which Node.js can do and Jest cannot
// before Node.js 24: so it is a process of its own, and has no TypeScript. Its argument is the platform of Nest.
import 'reflect-metadata';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { useWebSockets, WebSockets, WebSocketsModule } from 'nest-raw-websockets';
import { ClsModule, ClsService } from 'nestjs-cls';
import { LoggerModule, PinoLogger } from 'nestjs-pino';

/** Answers each message with the name in the context of its handshake, and logs that with the logger of its request. */
class NameController {
  constructor(cls, logger) {
    this.cls = cls;
    this.logger = logger;
  }

  async join(webSockets) {
    const webSocket = webSockets.accept();
    void webSocket.closed.then(() => this.note('closed'));
    for await (const { data } of webSocket.messages()) {
      await webSocket.send(this.note('messages'));
      if (data === 'last') {
        break;
      }
    }
    await webSocket.receive(() => webSocket.send(this.note('receive')));
    this.note('end');
  }

  note(where) {
    const name = this.cls.get('name');
    this.logger.info({ where, name });
    return `${where} ${name}`;
  }
}
Inject(ClsService)(NameController, undefined, 0);
Inject(PinoLogger)(NameController, undefined, 1);
WebSockets()(NameController.prototype, 'join', 0);
Get()(NameController.prototype, 'join', Object.getOwnPropertyDescriptor(NameController.prototype, 'join'));
Controller('name')(NameController);

function AppModule() {}
Module({
  imports: [
    WebSocketsModule.forRoot(),
    ClsModule.forRoot({
      global: true,
      middleware: { mount: true, setup: (cls, request) => cls.set('name', request.headers['x-name']) },
    }),
    // On Fastify, Nest 12 does not match the default of `forRoutes`.
    LoggerModule.forRoot({ forRoutes: ['*path'], pinoHttp: { autoLogging: false } }),
  ],
  controllers: [NameController],
})(AppModule);

const adapter = process.argv[2] === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
useWebSockets(app);
await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ port: app.getHttpServer().address().port })}\n`);
