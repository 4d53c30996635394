import { HttpAdapterHost } from '@nestjs/core';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { freePort } from '../support/free-port.js';
import { closeApps, startApp } from '../support/start-app.js';

const healthOf = async (url: string, probe: string): Promise<unknown> => {
  const response = await fetch(`${url}/health/${probe}`);
  return { status: response.status, caching: response.headers.get('cache-control'), body: await response.json() };
};

afterEach(closeApps);

describe('The health endpoints', () => {
  it.each(['live', 'ready', 'startup'])('/health/%s answers 200 while the server serves', async (probe) => {
    const { url } = await startApp();
    await expect(healthOf(url, probe)).resolves.toEqual({ status: 200, caching: 'no-store', body: { status: 'ok' } });
  });

  it.each([
    ['live', 200, 'ok'],
    ['ready', 503, 'starting'],
    ['startup', 503, 'starting'],
  ])('/health/%s answers %i until the server listens on all addresses', async (probe, status, state) => {
    const { app, url } = await startApp();
    app.get(HttpAdapterHost).listening = false;
    await expect(healthOf(url, probe)).resolves.toMatchObject({ status, body: { status: state } });
  });

  it.each([
    ['live', 200, 'ok'],
    ['ready', 503, 'draining'],
    ['startup', 200, 'ok'],
  ])('/health/%s answers %i from the first moment of a shutdown', async (probe, status, state) => {
    const { url, webSocketUrl, close } = await startApp({ DRAIN_DELAY: '300ms' });
    const client = new WebSocket(webSocketUrl);
    await once(client, 'open');
    const closed = close();
    await expect(healthOf(url, probe)).resolves.toMatchObject({ status, body: { status: state } });
    expect(client.readyState).toBe(WebSocket.OPEN);
    await closed;
  });

  it('report that Redis is down, and still answer 200', async () => {
    const { url } = await startApp({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    await expect(healthOf(url, 'ready')).resolves.toMatchObject({ status: 200, body: { status: 'ok', redis: 'down' } });
  });
});
