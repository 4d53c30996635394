import { Module } from '@nestjs/common';
import { EchoGateway } from './echo.gateway.js';
import { RootEchoGateway } from './root-echo.gateway.js';
import { WebSocketController } from './echo.controller.js';

@Module({ controllers: [WebSocketController], providers: [EchoGateway, RootEchoGateway] })
export class EchoModule {}
