import { Module, type DynamicModule } from '@nestjs/common';
import { BACKGROUND_OPTIONS, type BackgroundOptions } from './background-options.js';
import { BackgroundController } from './background.controller.js';
import { BackgroundSocketProcessor } from './background-socket-processor.js';
import { BACKPLANE, SingleServerBackplane, type Backplane } from './backplane.js';
import { ChatCounters } from './chat-counters.js';
import { ChatMetrics } from './chat-metrics.js';

/** Sockets that live in the background: the chat, on one server or on several. */
@Module({
  controllers: [BackgroundController],
  providers: [BackgroundSocketProcessor, ChatCounters, ChatMetrics],
  exports: [BackgroundSocketProcessor, BACKPLANE],
})
export class BackgroundModule {
  static register(options: BackgroundOptions): DynamicModule {
    return {
      module: BackgroundModule,
      providers: [
        { provide: BACKGROUND_OPTIONS, useValue: options },
        { provide: BACKPLANE, useFactory: () => createBackplane(options) },
      ],
    };
  }
}

async function createBackplane({ redisUrl }: BackgroundOptions): Promise<Backplane> {
  if (redisUrl === undefined) {
    return new SingleServerBackplane();
  }
  // The client of Redis takes 25 MB and a third of a second to load, so only who needs it pays for it.
  const { RedisBackplane } = await import('./redis-backplane.js');
  return new RedisBackplane(redisUrl);
}
