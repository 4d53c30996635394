import { Module } from '@nestjs/common';
import { EchoController } from './echo.controller.js';
import { EchoGateway, RootEchoGateway } from './echo.gateway.js';

@Module({ controllers: [EchoController], providers: [EchoGateway, RootEchoGateway] })
export class EchoModule {}
