import type { ServerResponse } from 'node:http';
import { RawClient } from '../support/raw-client.js';
import { closeApps, startApp } from '../support/start-app.js';

/** Starts the application with a route whose answer is the test's to give, and asks for it. */
async function startAnswering(shutdownTimeout: string) {
  let asked!: Promise<ServerResponse>;
  let closing!: Promise<void>;
  const { url, close } = await startApp({ SHUTDOWN_TIMEOUT: shutdownTimeout }, (app) => {
    const fastify = app.getHttpAdapter().getInstance();
    asked = new Promise((resolve) => {
      fastify.get('/slow', (_request, reply) => {
        reply.hijack();
        resolve(reply.raw);
      });
    });
    closing = new Promise((resolve) => {
      fastify.addHook('preClose', (done) => {
        resolve();
        done();
      });
    });
  });
  const text = fetch(`${url}/slow`).then((response) => response.text());
  return { text, response: await asked, close, closing };
}

afterEach(closeApps);

describe('At shutdown', () => {
  it('a request that is being answered is finished', async () => {
    const { text, response, close, closing } = await startAnswering('1m');
    response.write('first half, ');

    const closed = close();
    await closing;
    response.end('second half');
    await closed;

    await expect(text).resolves.toBe('first half, second half');
  });

  it('a request that is not answered within SHUTDOWN_TIMEOUT is cut', async () => {
    const { text, close } = await startAnswering('50ms');

    const [outcome] = await Promise.allSettled([text, close()]);

    expect(outcome.status).toBe('rejected');
  });

  it.each<[string, (client: RawClient) => unknown]>([
    ['ended', (client) => client.destroy()],
    ['was reset', (client) => client.reset()],
  ])('nothing waits for pipelined requests whose connection %s', async (_how, leave) => {
    let asked!: () => void;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const gone: Promise<unknown>[] = [];
    const { url, close } = await startApp({ SHUTDOWN_TIMEOUT: '10m' }, (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      fastify.get('/slow', (request, reply) => {
        reply.hijack();
        gone.push(new Promise((resolve) => request.raw.socket.once('close', resolve)));
      });
      fastify.get('/queued', (_request, reply) => {
        reply.hijack();
        asked();
      });
    });
    const client = await RawClient.connect(Number(new URL(url).port));
    client.write(['/slow', '/queued'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    await isAsked;
    leave(client);
    await Promise.all(gone);

    await expect(close()).resolves.toBeUndefined();
  });
});
