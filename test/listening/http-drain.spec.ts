import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { endEventSources, EventSource } from '../support/event-source.js';
import { Http2FrameClient } from '../support/http2-frames.js';
import { startHttpsApp } from '../support/https-app.js';
import { RawClient } from '../support/raw-client.js';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';
import { closeApps, startApp } from '../support/start-app.js';

import.meta.jest.setTimeout(30_000);

/** Starts the application with a route that the test answers, and sends a request for it. */
async function startAnswering(shutdownTimeout: string): Promise<{
  text: Promise<string>;
  response: ServerResponse;
  close: () => Promise<void>;
  closing: Promise<void>;
}> {
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

afterEach(endEventSources);
afterEach(endServerProcesses);
afterEach(closeApps);
describe('At shutdown', () => {
  it('the server does not wait for idle connections', async () => {
    const { urls, close } = await startApp({
      URLS: 'http://127.0.0.1:0;http://127.0.0.1:0',
      SHUTDOWN_TIMEOUT: '1h',
    });
    const sockets = urls.map((url) => connect(Number(new URL(url).port), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));

    await expect(close()).resolves.toBeUndefined();
    sockets.forEach((socket) => socket.destroy());
  });

  it('the server finishes a request in progress', async () => {
    const { text, response, close, closing } = await startAnswering('1m');
    response.write('first half, ');

    const closed = close();
    await closing;
    response.end('second half');
    await closed;

    await expect(text).resolves.toBe('first half, second half');
  });

  it('the server finishes many responses without a warning', async () => {
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0']);
    const [url = ''] = await server.listening();
    const ids = Array.from({ length: 12 }, (_, i) => i.toString(16).repeat(32).slice(0, 32));
    const sources = await Promise.all(ids.map((id) => EventSource.open(`${url}/diagnostics/${id}`)));

    server.child.kill('SIGTERM');

    await Promise.all(sources.map((source) => source.ended()));
    await expect(server.exit).resolves.toMatchObject({ code: 0, stderr: '' });
  });

  it('the server cuts a request that takes longer than SHUTDOWN_TIMEOUT', async () => {
    const { text, close } = await startAnswering('50ms');

    const [outcome] = await Promise.allSettled([text, close()]);

    expect(outcome.status).toBe('rejected');
  });

  it.each<[string, (client: RawClient) => unknown]>([
    ['ended', (client) => client.destroy()],
    ['was reset', (client) => client.reset()],
  ])('the server does not wait for pipelined requests whose connection %s', async (_how, leave) => {
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

  it('the server does not wait for an HTTP/2 connection whose client answers no ping', async () => {
    let asked!: () => void;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const { url, ca, close } = await startHttpsApp({ SHUTDOWN_TIMEOUT: '10m' }, (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      fastify.get('/slow', (_request, reply) => {
        reply.hijack();
        asked();
      });
    });
    const client = await Http2FrameClient.connect(url, ca);
    client.request(1, { ':method': 'GET', ':scheme': 'https', ':path': '/slow', ':authority': 'localhost' });
    await isAsked;

    await expect(close()).resolves.toBeUndefined();
    client.destroy();
  });
});
