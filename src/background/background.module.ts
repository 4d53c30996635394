import { Module, type DynamicModule } from '@nestjs/common';
import { BACKGROUND_OPTIONS, type BackgroundOptions } from './background-options.js';
import { BackgroundController } from './background.controller.js';
import { BackgroundSocketProcessor } from './background-socket-processor.js';
import { BACKPLANE, SingleServerBackplane } from './backplane.js';
import { ChatCounters } from './chat-counters.js';
import { ChatMetrics } from './chat-metrics.js';
import { RedisBackplane } from './redis-backplane.js';

/** Sockets that live in the background: the chat, on one server or on several. */
@Module({
  controllers: [BackgroundController],
  providers: [BackgroundSocketProcessor, ChatCounters, ChatMetrics],
  exports: [BackgroundSocketProcessor],
})
export class BackgroundModule {
  static register(options: BackgroundOptions): DynamicModule {
    const { redisUrl } = options;
    return {
      module: BackgroundModule,
      providers: [
        { provide: BACKGROUND_OPTIONS, useValue: options },
        {
          provide: BACKPLANE,
          useFactory: () => (redisUrl === undefined ? new SingleServerBackplane() : new RedisBackplane(redisUrl)),
        },
      ],
    };
  }
}
