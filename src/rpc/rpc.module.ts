import { Module } from '@nestjs/common';
import { ClientQuestions } from './client-questions.js';
import { RpcController } from './rpc.controller.js';
import { RpcGateway } from './rpc.gateway.js';

/** Calls over WebSockets, at `/rpc`. */
@Module({ controllers: [RpcController], providers: [ClientQuestions, RpcGateway] })
export class RpcModule {}
