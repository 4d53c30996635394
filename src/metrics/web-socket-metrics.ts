import { Inject, Injectable } from '@nestjs/common';
import { WebSocketConnections, type WebSocketTotals } from 'nest-raw-websockets';
import { Metrics } from './metrics.js';

const totals: readonly [total: keyof WebSocketTotals, name: string, help: string][] = [
  ['connections', 'websocket_connections_accepted_total', 'WebSockets that were accepted.'],
  ['bytesReceived', 'websocket_received_bytes_total', 'Bytes of frames that were received.'],
  ['bytesSent', 'websocket_sent_bytes_total', 'Bytes of frames that were sent.'],
  ['messagesReceived', 'websocket_received_messages_total', 'Messages that were received whole.'],
  ['messagesSent', 'websocket_sent_messages_total', 'Messages that were sent whole.'],
];

/** Metrics of all WebSockets, at all endpoints. */
@Injectable()
export class WebSocketMetrics {
  constructor(@Inject(Metrics) metrics: Metrics, @Inject(WebSocketConnections) connections: WebSocketConnections) {
    metrics.gauge('websocket_connections', 'WebSockets that are open or closing.', () => connections.size);
    for (const [total, name, help] of totals) {
      metrics.counter(name, help, () => connections.totals[total]);
    }
  }
}
