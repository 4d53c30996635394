import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { WebSocketConnections, type WebSocketConnection, type WebSocketHandshake } from 'nest-raw-websockets';
import { bounded, jsonFormat, redactedPath, TextFormat, type AccessEntry } from './access-line.js';
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

/** RFC 6455 section 7.1.5: what the code of a close frame without one is called. */
const NO_STATUS = 1005;

/**
 * Writes a line to stdout for each connection that opened or closed, and for each handshake that was refused. Nothing that
 * a client does makes a warning or an error of it. What messages contain is never in it.
 */
@Injectable()
export class AccessLog implements OnApplicationShutdown {
  private readonly writer: LineWriter;
  /** What the line of the close repeats. The handshake itself would keep the whole request in memory. */
  private readonly opened = new Map<WebSocketConnection, Omit<HandshakeFacts, 'userAgent'>>();

  constructor(
    @Inject(ACCESS_LOG_OPTIONS) { lines, format, metrics }: AccessLogOptions,
    @Inject(WebSocketConnections) connections: WebSocketConnections,
  ) {
    const lineFormat = format === 'json' ? jsonFormat : new TextFormat();
    this.writer = new LineWriter(process.stdout, (count) => lineFormat.dropped(count));
    metrics.counter(
      'access_log_dropped_lines_total',
      'Lines of the access log dropped because stdout did not keep up.',
      () => this.writer.dropped,
    );
    if (lines === 'off') {
      return;
    }
    const write = (entry: AccessEntry): void => this.writer.write(lineFormat.line(entry));
    connections.observe({
      refused: (handshake, { status, reason }) =>
        write({ event: 'refused', ...ofHandshake(handshake), status, reason }),
    });
    if (lines === 'all') {
      this.logConnections(connections, write);
    }
  }

  /** Connections have ended by now, and the process may exit in this turn of the event loop. */
  onApplicationShutdown(): void {
    this.writer.flush();
  }

  private logConnections(connections: WebSocketConnections, write: (entry: AccessEntry) => void): void {
    connections.observe({
      opened: (connection, handshake) => {
        const { id, subprotocol } = connection;
        const { userAgent, ...facts } = ofHandshake(handshake);
        this.opened.set(connection, facts);
        write({ event: 'opened', id, ...facts, userAgent, subprotocol: bounded(subprotocol) });
        return undefined;
      },
      closed: (connection, { by, status = NO_STATUS, description }) => {
        const { id, subprotocol, since, messagesReceived, bytesReceived, messagesSent, bytesSent } = connection;
        const facts = this.opened.get(connection);
        if (facts === undefined) {
          return; // it was open before the log began
        }
        this.opened.delete(connection);
        write({
          event: 'closed',
          id,
          ...facts,
          subprotocol: bounded(subprotocol),
          duration: Date.now() - since,
          messagesReceived,
          bytesReceived,
          messagesSent,
          bytesSent,
          closedBy: by,
          closeCode: status,
          closeReason: bounded(description),
        });
      },
    });
  }
}

type HandshakeFacts = Pick<AccessEntry, 'address' | 'path' | 'protocol' | 'tls' | 'origin' | 'userAgent'>;

function ofHandshake(handshake: WebSocketHandshake): HandshakeFacts {
  return {
    address: handshake.remoteAddress,
    path: redactedPath(handshake.path),
    protocol: handshake.httpVersion === '2' ? 'h2' : 'h1',
    tls: handshake.tlsVersion,
    origin: bounded(handshake.origin),
    userAgent: bounded(handshake.userAgent),
  };
}
