import { Module, type DynamicModule } from '@nestjs/common';
import { BackgroundController } from './background.controller.js';
import { BackgroundSocketProcessor, CHAT_OPTIONS, type ChatOptions } from './background-socket-processor.js';
import { BACKPLANE, SingleServerBackplane, type Backplane } from './backplane.js';
import { ChatMetrics, METRICS_REGISTRY, type MetricsRegistry } from './chat-metrics.js';
import { DeliveryCounters } from './outbox.js';

/** Options of `BackgroundModule`. */
export interface BackgroundOptions extends ChatOptions {
  /** The `redis://` or `rediss://` URL that connects several servers; undefined for a single server. */
  readonly redisUrl: string | undefined;
  /** Connects the processes of a single server; undefined if there is one process. */
  readonly backplane: Backplane | undefined;
  readonly metrics: MetricsRegistry;
}

/** The chat: sockets that a background service holds, on one server or on several. */
@Module({
  controllers: [BackgroundController],
  providers: [BackgroundSocketProcessor, DeliveryCounters, ChatMetrics],
  exports: [BackgroundSocketProcessor, BACKPLANE],
})
export class BackgroundModule {
  static register(options: BackgroundOptions): DynamicModule {
    return {
      module: BackgroundModule,
      providers: [
        { provide: CHAT_OPTIONS, useValue: options },
        { provide: METRICS_REGISTRY, useValue: options.metrics },
        { provide: BACKPLANE, useFactory: () => createBackplane(options) },
      ],
    };
  }
}

async function createBackplane({ redisUrl, backplane }: BackgroundOptions): Promise<Backplane> {
  if (redisUrl === undefined) {
    return backplane ?? new SingleServerBackplane();
  }
  // Loaded on demand: the Redis client costs 25 MB and a third of a second.
  const { RedisBackplane } = await import('./redis-backplane.js');
  return new RedisBackplane(redisUrl);
}
