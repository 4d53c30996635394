import type { WebSocketConnection } from 'nest-raw-websockets';
import { Histogram, type Registry } from 'prom-client';

type Counts = Pick<WebSocketConnection, 'bytesReceived' | 'bytesSent' | 'messagesReceived' | 'messagesSent'>;

const NONE: Counts = { bytesReceived: 0, bytesSent: 0, messagesReceived: 0, messagesSent: 0 };

/**
 * The histogram of message sizes. To observe each message would cost time for each one, so the histogram uses the counts of
 * connections: when the metrics are collected, and when a connection ends, the mean size of the messages since the last time
 * is one observation.
 */
export class MessageSizes {
  private readonly histogram: Histogram<'direction'>;
  /** The counts of each connection when it was last observed. */
  private readonly observed = new WeakMap<WebSocketConnection, Counts>();

  /** @param connections the live connections */
  constructor(connections: Iterable<WebSocketConnection>, registers: Registry[]) {
    this.histogram = new Histogram({
      name: 'websocket_message_size_bytes',
      help: 'Mean size of the messages of a connection between two collections, frame headers included.',
      labelNames: ['direction'],
      buckets: [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216],
      registers,
      collect: () => {
        for (const connection of connections) {
          this.observe(connection);
        }
      },
    });
  }

  /** Observes the messages since the last time. */
  observe(connection: WebSocketConnection): void {
    const { bytesReceived, bytesSent, messagesReceived, messagesSent } = connection;
    const last = this.observed.get(connection) ?? NONE;
    const received = messagesReceived - last.messagesReceived;
    const sent = messagesSent - last.messagesSent;
    if (received > 0) {
      this.histogram.observe({ direction: 'received' }, (bytesReceived - last.bytesReceived) / received);
    }
    if (sent > 0) {
      this.histogram.observe({ direction: 'sent' }, (bytesSent - last.bytesSent) / sent);
    }
    if (received > 0 || sent > 0) {
      // Bytes of a message that is not complete yet belong to the next time.
      this.observed.set(connection, {
        messagesReceived,
        messagesSent,
        bytesReceived: received > 0 ? bytesReceived : last.bytesReceived,
        bytesSent: sent > 0 ? bytesSent : last.bytesSent,
      });
    }
  }
}
