import { Module } from '@nestjs/common';
import { SocketsController } from './sockets.controller.js';

/** The example of the OpenAPI page, at `/sockets`. */
@Module({ controllers: [SocketsController] })
export class SocketsModule {}
