import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { metricTypes, scrape } from '../support/scrape.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';
import { until } from '../support/until.js';

const documentation = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

describe('/metrics', () => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(closeApps);

  it('answers with the Prometheus text format, and forbids caching', async () => {
    const response = await fetch(`${running.url}/metrics`);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('names counters with _total at the end', async () => {
    const types = await metricTypes(running.url);

    expect(types.size).toBeGreaterThan(15);
    for (const [name, type] of types) {
      expect([name, type === 'counter']).toEqual([name, name.endsWith('_total')]);
    }
  });

  it('lists exactly the documented metrics', async () => {
    const redis = await startApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    const documented = Array.from(documentation.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);

    expect([...(await metricTypes(redis.url)).keys()].toSorted()).toEqual(documented.toSorted());
  });

  it('reports the process metrics', async () => {
    const figures = await scrape(running.url);

    expect(figures['process_cpu_seconds_total']).toBeGreaterThan(0);
    expect(figures['process_resident_memory_bytes']).toBeGreaterThan(10_000_000);
    expect(figures['nodejs_eventloop_active_seconds_total']).toBeGreaterThan(0);
    expect(figures['nodejs_eventloop_lag_max_seconds']).toBeGreaterThanOrEqual(
      figures['nodejs_eventloop_lag_p50_seconds'],
    );
  });

  it('counts open and closed WebSockets, messages and bytes', async () => {
    const fresh = await startApp();
    const [live, ended] = [new WebSocket(fresh.webSocketUrl), new WebSocket(fresh.webSocketUrl)];
    await Promise.all([once(live, 'open'), once(ended, 'open')]);
    for (const webSocket of [live, ended]) {
      webSocket.send('hello');
      await once(webSocket, 'message');
    }
    ended.close();
    await once(ended, 'close');

    expect(await scrape(fresh.url)).toMatchObject({
      websocket_connections: 1,
      'websocket_connections_by_route{protocol="h1",route="/ws"}': 1,
      'websocket_connections_accepted_total{protocol="h1",route="/ws"}': 2,
      'websocket_connections_closed_total{by="peer",code="1005"}': 1,
      'websocket_connection_duration_seconds_count{route="/ws"}': 1,
      websocket_received_messages_total: 2,
      websocket_sent_messages_total: 2,
      // Frames of 5 bytes with and without a masking key, and a close frame each way.
      websocket_received_bytes_total: 2 * 11 + 6,
      websocket_sent_bytes_total: 2 * 7 + 2,
    });
    live.terminate();
  });

  it('counts connections by their routes', async () => {
    const { url } = await startApp();
    const paths = ['/ws?room=1', '/WS/', '/?x', '/background/kitchen', '/background', '/rpc'];
    const webSockets = paths.map((path) => new WebSocket(url.replace('http', 'ws') + path));
    await Promise.all(webSockets.map((webSocket) => once(webSocket, 'open')));

    const series = Object.entries(await scrape(url)).flatMap(([name, value]) => {
      const [, route] = /^websocket_connections_by_route\{protocol="h1",route="(.+)"\}$/.exec(name) ?? [];
      return route === undefined ? [] : [[route, value]];
    });
    expect(Object.fromEntries(series)).toEqual({
      '/ws': 2,
      '/': 1,
      '/background/:room': 1,
      '/background': 1,
      '/rpc': 1,
    });
    webSockets.forEach((webSocket) => webSocket.terminate());
  });

  it('has the mean size of the messages of a connection since the last time', async () => {
    const fresh = await startApp();
    const webSocket = new WebSocket(fresh.webSocketUrl);
    await once(webSocket, 'open');
    const send = async (length: number): Promise<void> => {
      webSocket.send('x'.repeat(length));
      await once(webSocket, 'message');
    };
    // With frame headers of 6 and 2 bytes.
    await send(20);
    await send(10);
    expect(await scrape(fresh.url)).toMatchObject({
      'websocket_message_size_bytes_count{direction="received"}': 1,
      'websocket_message_size_bytes_sum{direction="received"}': 21,
      'websocket_message_size_bytes_sum{direction="sent"}': 17,
    });
    await send(100);
    await scrape(fresh.url);
    expect(await scrape(fresh.url)).toMatchObject({
      'websocket_message_size_bytes_count{direction="received"}': 2,
      'websocket_message_size_bytes_sum{direction="received"}': 21 + 106,
      'websocket_message_size_bytes_bucket{le="64",direction="received"}': 1,
      'websocket_message_size_bytes_bucket{le="256",direction="received"}': 2,
    });
    webSocket.terminate();
  });

  it('has the round-trip time of pings', async () => {
    const pinging = await startApp({ KEEP_ALIVE_INTERVAL: '10ms' });
    const webSocket = new WebSocket(pinging.webSocketUrl);
    await once(webSocket, 'ping');
    await once(webSocket, 'ping');

    expect((await scrape(pinging.url))['websocket_round_trip_time_seconds_count']).toBeGreaterThan(0);
    webSocket.terminate();
  });

  it('has what waits for a client that does not read', async () => {
    const webSocket = new WebSocket(running.webSocketUrl);
    await once(webSocket, 'open');
    webSocket.pause();
    webSocket.send(Buffer.alloc(32 * 1024 * 1024));
    await until(async () => (await scrape(running.url))['websocket_send_waits_total'] > 0);

    expect((await scrape(running.url))['websocket_send_waiting_bytes']).toBeGreaterThan(0);
    webSocket.terminate();
  });

  it('is separate for two applications in one process', async () => {
    const [one, other] = [await startApp(), await startApp()];
    const webSocket = new WebSocket(one.webSocketUrl);
    await once(webSocket, 'open');

    expect(await scrape(one.url)).toMatchObject({ websocket_connections: 1 });
    expect(await scrape(other.url)).toMatchObject({ websocket_connections: 0 });
    webSocket.terminate();
  });
});
