import { Module } from '@nestjs/common';
import { DiagnosticsController } from './diagnostics.controller.js';
import { Watches } from './watches.js';

/** Serves `/diagnostics/:id`: the server's view of one WebSocket, for the client that opened it. */
@Module({ controllers: [DiagnosticsController], providers: [Watches] })
export class DiagnosticsModule {}
