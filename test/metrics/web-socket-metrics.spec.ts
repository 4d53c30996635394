import type { WebSocketConnection, WebSocketConnections, WebSocketObserver } from 'nest-raw-websockets';
import type { Gauge } from 'prom-client';
import { jest } from '@jest/globals';
import { Metrics } from '../../src/metrics/metrics.js';
import type { Routes } from '../../src/metrics/routes.js';
import { WebSocketMetrics } from '../../src/metrics/web-socket-metrics.js';

describe('The metrics of WebSockets', () => {
  let metrics: Metrics;
  let observer: WebSocketObserver;
  let reads: number;

  beforeEach(() => {
    metrics = new Metrics();
    reads = 0;
    const connections = {
      size: 0,
      *[Symbol.iterator]() {},
      get totals() {
        reads += 1;
        return { connections: 3, bytesReceived: 10 * reads, bytesSent: 20, messagesReceived: 30, messagesSent: 40 };
      },
      observe: (one: WebSocketObserver) => {
        observer = one;
      },
    };
    const routes = { of: (path: string) => path } as unknown as Routes;
    // Nothing else refers to it: the metrics do.
    void new WebSocketMetrics(metrics, connections as unknown as WebSocketConnections, routes);
  });

  it('read the totals of all connections once for each collection', async () => {
    await metrics.text();
    expect(await metrics.text()).toContain('\nwebsocket_received_bytes_total 20\n');
    expect(await metrics.values()).toContainEqual(
      expect.objectContaining({ name: 'websocket_sent_messages_total', values: [{ value: 40, labels: {} }] }),
    );
    expect(reads).toBe(3);
  });

  it('count connections without prom-client until they are collected', async () => {
    const connection = { path: '/ws', httpVersion: '2', since: Date.now() } as unknown as WebSocketConnection;
    const counts = ['by_route', 'accepted_total', 'closed_total'].map((name) =>
      jest.spyOn(metrics.registry.getSingleMetric(`websocket_connections_${name}`) as Gauge, 'inc'),
    );
    observer.opened?.(connection, {} as never);
    observer.opened?.(connection, {} as never);
    observer.closed?.(connection, { by: 'peer', status: 4000, description: '' }, undefined);
    counts.forEach((count) => expect(count).not.toHaveBeenCalled());

    expect((await metrics.text()).split('\n')).toEqual(
      expect.arrayContaining([
        'websocket_connections_by_route{protocol="h2",route="/ws"} 1',
        'websocket_connections_accepted_total{protocol="h2",route="/ws"} 2',
        'websocket_connections_closed_total{by="peer",code="other"} 1',
      ]),
    );
  });
});
