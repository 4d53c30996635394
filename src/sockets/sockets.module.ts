import { Module } from '@nestjs/common';
import { SocketsController } from './sockets.controller.js';

@Module({ controllers: [SocketsController] })
export class SocketsModule {}
