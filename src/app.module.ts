import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccessLogModule } from './access-log/access-log.module.js';
import { BackgroundModule } from './background/background.module.js';
import { BACKPLANE, type Backplane } from './background/backplane.js';
import { ClientFaults } from './listening/client-faults.js';
import { CONFIGURATION, type Configuration } from './config/configuration.js';
import { EchoModule } from './echo/echo.module.js';
import { DiagnosticsModule } from './diagnostics/diagnostics.module.js';
import type { Dependencies } from './health/health.controller.js';
import { HealthModule } from './health/health.module.js';
import { HttpDrain } from './listening/http-drain.js';
import { logsInformation } from './logger.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { Metrics } from './metrics/metrics.js';
import { PAGE_HEADERS } from './page/page-headers.js';
import { PageModule } from './page/page.module.js';
import { RpcModule } from './rpc/rpc.module.js';
import { SocketsModule } from './sockets/sockets.module.js';
import type { WorkerProcess } from './workers/worker.js';
import { WebSocketsModule } from 'nest-raw-websockets';

/** Composes the application: each module gets its options here. */
@Module({})
export class AppModule {
  /** @param worker what the application shares with other processes that serve the same addresses */
  static register(configuration: Configuration, worker?: WorkerProcess): DynamicModule {
    const webSockets = WebSocketsModule.forRoot({
      ...configuration.webSockets,
      sharedLimits: worker?.sharedLimits,
    });
    const metrics = new Metrics(worker && (() => worker.gatherMetrics()));
    worker?.provideMetrics(() => metrics.values());
    const background = BackgroundModule.register({
      redisUrl: configuration.redisUrl,
      backplane: worker?.topics,
      queueMessages: configuration.chatQueueMessages,
      queueSize: configuration.chatQueueSize,
      whenQueueFull: configuration.chatWhenQueueFull,
      presenceLimit: configuration.chatPresenceLimit,
      metrics,
    });
    return {
      module: AppModule,
      imports: [
        webSockets,
        AccessLogModule.register({
          lines: logsInformation(configuration) ? configuration.accessLog : 'off',
          format: configuration.logFormat,
          metrics,
        }),
        EchoModule,
        SocketsModule,
        RpcModule,
        background,
        HealthModule.register({
          imports: [background],
          inject: [BACKPLANE],
          useFactory: ({ status }: Backplane): Dependencies =>
            status && configuration.redisUrl !== undefined ? { redis: () => status.isUp } : {},
        }),
        MetricsModule.register(metrics),
        PageModule,
        ...(configuration.diagnostics ? [DiagnosticsModule] : []),
        ...(configuration.lab ? [loadLab(configuration)] : []),
      ],
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: APP_FILTER, useClass: ClientFaults },
        HttpDrain,
      ],
    };
  }
}

/** Loads the lab, which most servers do not offer. */
async function loadLab({ lab, labMaxConnections, labMaxTime, labMaxBytes }: Configuration): Promise<DynamicModule> {
  const { LabModule } = await import('./lab/lab.module.js');
  return LabModule.register({
    loopbackOnly: lab === 'loopback',
    maxConnections: labMaxConnections,
    maxTime: labMaxTime,
    maxBytes: labMaxBytes,
    pageHeaders: PAGE_HEADERS,
  });
}
