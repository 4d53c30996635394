import { Module } from '@nestjs/common';
import { SocketsController } from './sockets.controller.js';

/** The documented endpoint, at `/sockets`. */
@Module({ controllers: [SocketsController] })
export class SocketsModule {}
