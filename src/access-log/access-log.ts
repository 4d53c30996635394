import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  NO_STATUS_RECEIVED,
  WebSocketConnections,
  type WebSocketHandshake,
  type WebSocketObserver,
} from 'nest-raw-websockets';
import { bounded, JsonFormat, redactedPath, TextFormat, type AccessLineFormat } from './access-line.js';
import { LineWriter } from './line-writer.js';

/** Registers a metric that only grows. `read` is called when the metrics are collected. */
export interface CounterRegistry {
  counter(name: string, help: string, read: () => number): void;
}

/** Options of `AccessLogModule`. */
export interface AccessLogOptions {
  /** The lines that are written: none, those of refused handshakes, or all. */
  readonly lines: 'off' | 'refused' | 'all';
  /** Text for people, or one JSON object a line. */
  readonly format: 'text' | 'json';
  readonly metrics: CounterRegistry;
}

/** The injection token of the `AccessLogOptions`. */
export const ACCESS_LOG_OPTIONS = Symbol('ACCESS_LOG_OPTIONS');

/**
 * Writes a line to stdout for each connection that opened or closed, and for each handshake that was refused. A line is never a
 * warning or an error, whatever a client does, and never contains payload.
 */
@Injectable()
export class AccessLog implements OnApplicationShutdown {
  private readonly format: AccessLineFormat;
  private readonly writer: LineWriter;
  /**
   * What the line of the close repeats, by the id of the connection. The handshake itself would keep the whole request in
   * memory.
   */
  private readonly handshakes = new Map<number, string>();

  constructor(
    @Inject(ACCESS_LOG_OPTIONS) { lines, format, metrics }: AccessLogOptions,
    @Inject(WebSocketConnections) connections: WebSocketConnections,
  ) {
    this.format = format === 'json' ? new JsonFormat() : new TextFormat();
    this.writer = new LineWriter(process.stdout, (count) => this.format.dropped(count));
    metrics.counter(
      'access_log_dropped_lines_total',
      'Lines of the access log dropped because stdout did not keep up or has ended.',
      () => this.writer.dropped,
    );
    if (lines !== 'off') {
      connections.observe(lines === 'all' ? this.allLines : { refused: this.allLines.refused });
    }
  }

  /** Connections have ended by now, and the process may exit in this turn of the event loop. */
  onApplicationShutdown(): void {
    this.writer.flush();
  }

  private readonly allLines = {
    refused: (handshake, { status, reason }): void => {
      const userAgent = bounded(handshake.userAgent);
      this.writer.write(this.format.refused(this.textOf(handshake), { status, reason, userAgent }));
    },
    opened: ({ id, subprotocol }, handshake): undefined => {
      const text = this.textOf(handshake, subprotocol);
      this.handshakes.set(id, text);
      this.writer.write(this.format.opened(id, text, bounded(handshake.userAgent)));
    },
    closed: (connection, { by, status = NO_STATUS_RECEIVED, description }): void => {
      const { id, since, messagesReceived, bytesReceived, messagesSent, bytesSent } = connection;
      const text = this.handshakes.get(id);
      if (text === undefined) {
        return; // it was open before the log began
      }
      this.handshakes.delete(id);
      const line = this.format.closed(id, text, {
        duration: Date.now() - since,
        messagesReceived,
        bytesReceived,
        messagesSent,
        bytesSent,
        closedBy: by,
        closeCode: status,
        closeReason: bounded(description),
      });
      this.writer.write(line);
    },
  } satisfies WebSocketObserver;

  private textOf(handshake: WebSocketHandshake, subprotocol?: string): string {
    return this.format.handshake({
      // A client that has gone has no address any more.
      address: handshake.remoteAddress || undefined,
      path: redactedPath(handshake.path),
      protocol: handshake.httpVersion === '2' ? 'h2' : 'h1',
      tls: handshake.tlsVersion,
      origin: bounded(handshake.origin),
      subprotocol: bounded(subprotocol),
    });
  }
}
