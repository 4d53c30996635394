import { HttpAdapterHost } from '@nestjs/core';
import { close } from '../libs/websockets/protocol/client-frame.js';
import { freePort } from '../support/free-port.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

async function healthOf(url: string, probe: string): Promise<object> {
  const response = await fetch(`${url}/health/${probe}`);
  return { status: response.status, caching: response.headers.get('cache-control'), body: await response.json() };
}

/** The answer of an endpoint, which nothing may cache. */
const answer = (status: number, state: string): object => ({ status, caching: 'no-store', body: { status: state } });

describe('The health endpoints', () => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(closeApps);
  afterEach(endRawClients);

  it.each(['live', 'ready', 'startup'])('/health/%s answers 200 while the server serves', async (probe) => {
    await expect(healthOf(running.url, probe)).resolves.toEqual(answer(200, 'ok'));
  });

  it.each([
    ['live', 200, 'ok'],
    ['ready', 503, 'starting'],
    ['startup', 503, 'starting'],
  ])('/health/%s answers %i until the server listens on all addresses', async (probe, status, state) => {
    const adapterHost = running.app.get(HttpAdapterHost);
    adapterHost.listening = false;
    const health = await healthOf(running.url, probe);
    adapterHost.listening = true;

    expect(health).toEqual(answer(status, state));
  });

  it('answer from the first moment of a shutdown that the server drains', async () => {
    const { url, close: closeApp } = await startApp({ SHUTDOWN_TIMEOUT: '1h' });
    const straggler = await RawClient.open(Number(new URL(url).port), '/ws');

    const closed = closeApp();

    const probes = ['live', 'ready', 'startup'].map((probe) => healthOf(url, probe));
    await expect(Promise.all(probes)).resolves.toEqual([answer(200, 'ok'), answer(503, 'draining'), answer(200, 'ok')]);
    straggler.write(close(1001)).end();
    await closed;
  });

  it('report that Redis is down, and still answer 200', async () => {
    const { url } = await startApp({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    await expect(healthOf(url, 'ready')).resolves.toMatchObject({ status: 200, body: { status: 'ok', redis: 'down' } });
  });
});
