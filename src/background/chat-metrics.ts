import { Inject, Injectable } from '@nestjs/common';
import { BACKGROUND_OPTIONS, type BackgroundMetrics, type BackgroundOptions } from './background-options.js';
import { BackgroundSocketProcessor } from './background-socket-processor.js';
import { BACKPLANE, type Backplane, type BackplaneStatus } from './backplane.js';
import { ChatCounters } from './chat-counters.js';

/** The figures of the chat on this server. */
@Injectable()
export class ChatMetrics {
  constructor(
    @Inject(BACKGROUND_OPTIONS) { metrics }: BackgroundOptions,
    @Inject(BACKPLANE) backplane: Backplane,
    @Inject(BackgroundSocketProcessor) processor: BackgroundSocketProcessor,
    @Inject(ChatCounters) counters: ChatCounters,
  ) {
    metrics.gauge('chat_rooms', 'Rooms that somebody is in.', () => processor.roomCount);
    metrics.gauge('chat_members', 'Sockets that are in rooms.', () => processor.memberCount);
    metrics.counter('chat_delivered_messages_total', 'Messages handed to sockets.', () => counters.delivered);
    metrics.counter('chat_dropped_messages_total', 'Messages left out of full queues.', () => counters.dropped);
    metrics.counter('chat_slow_sockets_closed_total', 'Sockets closed for a full queue.', () => counters.closedAsSlow);
    if (backplane.status !== undefined) {
      addBackplane(metrics, backplane.status);
    }
  }
}

/** @param status its figures go on changing */
function addBackplane(metrics: BackgroundMetrics, status: BackplaneStatus): void {
  metrics.gauge('chat_backplane_up', 'Whether the other servers are reached: 1 or 0.', () => Number(status.isUp));
  metrics.counter('chat_backplane_published_total', 'Messages told to other servers.', () => status.published);
  metrics.counter('chat_backplane_received_total', 'Messages that came from other servers.', () => status.received);
  metrics.counter('chat_backplane_lost_total', 'Messages that other servers could not be told.', () => status.lost);
}
