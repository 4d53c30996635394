import { Inject, Injectable } from '@nestjs/common';
import { BackgroundSocketProcessor } from './background-socket-processor.js';
import { BACKPLANE, type Backplane, type BackplaneStatus } from './backplane.js';
import { DeliveryCounters } from './outbox.js';

/** Registers metrics. Each `read` is called when the metrics are collected. */
export interface MetricsRegistry {
  counter(name: string, help: string, read: () => number): void;
  /** @param aggregator what several processes of one server have together; the sum by default */
  gauge(name: string, help: string, read: () => number, aggregator?: 'sum' | 'min'): void;
}

/** The injection token of the `MetricsRegistry`. */
export const METRICS_REGISTRY = Symbol('MetricsRegistry');

/** The metrics of the chat on this server. */
@Injectable()
export class ChatMetrics {
  constructor(
    @Inject(METRICS_REGISTRY) metrics: MetricsRegistry,
    @Inject(BACKPLANE) backplane: Backplane,
    @Inject(BackgroundSocketProcessor) processor: BackgroundSocketProcessor,
    @Inject(DeliveryCounters) counters: DeliveryCounters,
  ) {
    metrics.gauge('chat_rooms', 'Rooms, all of which have members.', () => processor.roomCount);
    metrics.gauge('chat_members', 'Sockets in rooms.', () => processor.memberCount);
    metrics.counter(
      'chat_delivered_messages_total',
      'Messages sent to sockets, once for each socket.',
      () => counters.delivered,
    );
    metrics.counter(
      'chat_dropped_messages_total',
      'Messages dropped because a queue was full.',
      () => counters.dropped,
    );
    metrics.counter(
      'chat_slow_sockets_closed_total',
      'Sockets closed because their queue was full.',
      () => counters.closedAsSlow,
    );
    if (backplane.status !== undefined) {
      addBackplane(metrics, backplane.status);
    }
  }
}

/** @param status is read at every collection */
function addBackplane(metrics: MetricsRegistry, status: BackplaneStatus): void {
  metrics.gauge(
    'chat_backplane_up',
    'Whether the other servers can be reached: 1 or 0.',
    () => Number(status.isUp),
    'min',
  );
  metrics.counter('chat_backplane_published_total', 'Messages published to other servers.', () => status.published);
  metrics.counter('chat_backplane_received_total', 'Messages received from other servers.', () => status.received);
  metrics.counter('chat_backplane_lost_total', 'Messages that could not be published.', () => status.lost);
}
