import { Module, type DynamicModule } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';
import { ProcessMetrics } from './process-metrics.js';
import { Routes } from './routes.js';
import { WebSocketMetrics } from './web-socket-metrics.js';

/** Serves `/metrics`: the metrics of the process, of its WebSockets, and of other features. */
@Module({ controllers: [MetricsController], providers: [ProcessMetrics, Routes, WebSocketMetrics] })
export class MetricsModule {
  static register(metrics: Metrics): DynamicModule {
    return { module: MetricsModule, providers: [{ provide: Metrics, useValue: metrics }] };
  }
}
