import { Inject, Injectable } from '@nestjs/common';
import {
  ABNORMAL_CLOSURE,
  NO_STATUS_RECEIVED,
  WebSocketCloseStatus,
  WebSocketConnections,
  type WebSocketConnection,
  type WebSocketHandshake,
  type WebSocketRefusalReason,
  type WebSocketTotals,
} from 'nest-raw-websockets';
import { Counter, Gauge, Histogram } from 'prom-client';
import { MessageSizes } from './message-sizes.js';
import { Metrics } from './metrics.js';
import { Routes } from './routes.js';

const totals: readonly [total: keyof WebSocketTotals, name: string, help: string][] = [
  ['bytesReceived', 'websocket_received_bytes_total', 'Bytes of frames that were received.'],
  ['bytesSent', 'websocket_sent_bytes_total', 'Bytes of frames that were sent.'],
  ['messagesReceived', 'websocket_received_messages_total', 'Messages that were received whole.'],
  ['messagesSent', 'websocket_sent_messages_total', 'Messages that were sent whole.'],
];

/** Each reason has a count from the start, 0, so that an alert sees the first refusal. */
const REFUSAL_REASONS: Readonly<Record<WebSocketRefusalReason, true>> = {
  origin: true,
  limit: true,
  'address-limit': true,
  draining: true,
  version: true,
  malformed: true,
  'not-a-handshake': true,
  'not-found': true,
  guard: true,
  handler: true,
  error: true,
  aborted: true,
};

/** Other codes are chosen by clients, and share the label value `other`. */
const CLOSE_CODES: ReadonlySet<number> = new Set([
  ...Object.values(WebSocketCloseStatus),
  1014,
  NO_STATUS_RECEIVED,
  ABNORMAL_CLOSURE,
]);

/**
 * Metrics of the WebSockets of all endpoints. Counts of messages and bytes are read from the connections when the metrics are
 * collected, so that a message costs nothing.
 */
@Injectable()
export class WebSocketMetrics {
  constructor(
    @Inject(Metrics) metrics: Metrics,
    @Inject(WebSocketConnections) connections: WebSocketConnections,
    @Inject(Routes) routes: Routes,
  ) {
    for (const [total, name, help] of totals) {
      metrics.counter(name, help, () => connections.totals[total]);
    }
    metrics.gauge('websocket_send_waiting_bytes', 'Bytes that wait until clients read.', () => waiting(connections));
    const registers = [metrics.registry];
    metrics.gauge('websocket_connections', 'WebSockets that are open or closing.', () => connections.size);
    const byRoute = new Gauge({
      name: 'websocket_connections_by_route',
      help: 'WebSockets that are open or closing, by HTTP version and route.',
      labelNames: ['protocol', 'route'],
      registers,
    });
    const accepted = new Counter({
      name: 'websocket_connections_accepted_total',
      help: 'WebSockets that were accepted.',
      labelNames: ['protocol', 'route'],
      registers,
    });
    const closed = new Counter({
      name: 'websocket_connections_closed_total',
      help: 'WebSockets that ended, by who ended them and the code of the close.',
      labelNames: ['by', 'code'],
      registers,
    });
    const refused = new Counter({
      name: 'websocket_handshakes_refused_total',
      help: 'Requests that did not get a WebSocket.',
      labelNames: ['reason'],
      registers,
    });
    Object.keys(REFUSAL_REASONS).forEach((reason) => refused.inc({ reason }, 0));
    const duration = new Histogram({
      name: 'websocket_connection_duration_seconds',
      help: 'How long WebSockets were open, once they have ended.',
      labelNames: ['route'],
      buckets: [0.1, 1, 10, 60, 300, 900, 3600, 14_400, 86_400],
      registers,
    });
    const roundTripTime = new Histogram({
      name: 'websocket_round_trip_time_seconds',
      help: 'Time from a ping to its pong.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    const sendWaits = new Counter({
      name: 'websocket_send_waits_total',
      help: 'How often a send had to wait because a client did not read.',
      registers,
    });
    const sizes = new MessageSizes(connections, registers);

    /** Observes all connections. It has no callback for frames and messages, because those would cost time for each one. */
    const connectionObserver = {
      pongReceived(_connection: WebSocketConnection, _length: number, time: number | undefined): void {
        if (time !== undefined) {
          roundTripTime.observe(time / 1000);
        }
      },
      paused: () => sendWaits.inc(),
    };
    connections.observe({
      refused: (_handshake, { reason }) => refused.inc({ reason }),
      opened: (connection) => {
        const labels = { protocol: protocolOf(connection), route: routes.of(connection.path) };
        byRoute.inc(labels);
        accepted.inc(labels);
        return connectionObserver;
      },
      closed: (connection, { by, status = NO_STATUS_RECEIVED }) => {
        const route = routes.of(connection.path);
        byRoute.dec({ protocol: protocolOf(connection), route });
        closed.inc({ by, code: CLOSE_CODES.has(status) ? String(status) : 'other' });
        duration.observe({ route }, (Date.now() - connection.since) / 1000);
        sizes.observe(connection);
      },
    });
  }
}

function waiting(connections: Iterable<WebSocketConnection>): number {
  let bytes = 0;
  for (const { bufferedAmount } of connections) {
    bytes += bufferedAmount;
  }
  return bytes;
}

function protocolOf({ httpVersion }: Pick<WebSocketHandshake, 'httpVersion'>): 'h1' | 'h2' {
  return httpVersion === '2' ? 'h2' : 'h1';
}
