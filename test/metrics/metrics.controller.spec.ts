import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { scrape } from '../support/scrape.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

const documentation = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

describe('/metrics', () => {
  let running: RunningApp;

  beforeEach(async () => {
    running = await startApp();
  });
  afterEach(closeApps);

  it('answers with the Prometheus text format, and forbids caching', async () => {
    const response = await fetch(`${running.url}/metrics`);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('names counters with _total at the end', async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text();
    const types = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => ({ name, type }));

    expect(types.length).toBeGreaterThan(15);
    for (const { name, type } of types) {
      expect([name, type]).toEqual([name, name?.endsWith('_total') ? 'counter' : 'gauge']);
    }
  });

  it('lists exactly the documented metrics', async () => {
    const redis = await startApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    const documented = Array.from(documentation.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);

    expect(Object.keys(await scrape(redis.url)).toSorted()).toEqual(documented.toSorted());
  });

  it('reports the process metrics', async () => {
    const figures = await scrape(running.url);

    expect(figures['process_cpu_seconds_total']).toBeGreaterThan(0);
    expect(figures['process_resident_memory_bytes']).toBeGreaterThan(10_000_000);
    expect(figures['nodejs_eventloop_active_seconds_total']).toBeGreaterThan(0);
  });

  it('counts open and closed WebSockets, messages and bytes', async () => {
    const [live, ended] = [new WebSocket(running.webSocketUrl), new WebSocket(running.webSocketUrl)];
    await Promise.all([once(live, 'open'), once(ended, 'open')]);
    for (const webSocket of [live, ended]) {
      webSocket.send('hello');
      await once(webSocket, 'message');
    }
    ended.close();
    await once(ended, 'close');

    expect(await scrape(running.url)).toMatchObject({
      websocket_connections: 1,
      websocket_connections_accepted_total: 2,
      websocket_received_messages_total: 2,
      websocket_sent_messages_total: 2,
      // Frames of 5 bytes with and without a masking key, and a close frame each way.
      websocket_received_bytes_total: 2 * 11 + 6,
      websocket_sent_bytes_total: 2 * 7 + 2,
    });
    live.terminate();
  });

  it('is separate for two applications in one process', async () => {
    const other = await startApp();
    const webSocket = new WebSocket(running.webSocketUrl);
    await once(webSocket, 'open');

    expect(await scrape(running.url)).toMatchObject({ websocket_connections: 1 });
    expect(await scrape(other.url)).toMatchObject({ websocket_connections: 0 });
    webSocket.terminate();
  });
});
