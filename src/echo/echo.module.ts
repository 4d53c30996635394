import { Module } from '@nestjs/common';
import { EchoGateway } from './echo.gateway.js';
import { WebSocketController } from './web-socket.controller.js';

@Module({ controllers: [WebSocketController], providers: [EchoGateway] })
export class EchoModule {}
