import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { serverClose } from '../conformance/server-frames.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';
import { closeApps, startApp } from '../support/start-app.js';
import { until } from '../support/until.js';

/** Connects a client that answers nothing. */
const connectStraggler = (url: string): Promise<RawClient> => RawClient.open(Number(new URL(url).port), '/ws');

/** Connects clients that answer a close. Resolves with one promise per client, for the result of the close. */
async function connectClients(count: number, url: string): Promise<Promise<{ code: number; reason: string }>[]> {
  const clients = Array.from({ length: count }, () => new WebSocket(url));
  await Promise.all(clients.map((client) => once(client, 'open')));
  return clients.map((client) =>
    once(client, 'close').then(([code, reason]) => ({ code: Number(code), reason: String(reason) })),
  );
}

/** The response that refuses a handshake. */
function refusalOf(url: string): Promise<IncomingMessage> {
  const client = new WebSocket(url);
  return new Promise((resolve) => {
    client.once('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response);
    });
  });
}

/** Sends clients away: to another connection, and not before 5 seconds to this server. */
const comeBackLater = { statusCode: 503, headers: { 'retry-after': '5', connection: 'close' } };

/** Resolves when /health/ready reports that the server drains. */
async function untilDraining(url: string): Promise<void> {
  await until(async () => (await fetch(`${url}/health/ready`)).status === 503);
}

const politely = (count: number): object[] =>
  Array.from({ length: count }, () => ({ code: 1001, reason: 'Server shutting down' }));

afterEach(endRawClients);

describe.each(['SIGTERM', 'SIGINT'] as const)('On %s the server', (signal) => {
  afterEach(endServerProcesses);

  it('closes 200 clients with 1001 and exits with 0, even if the signal arrives twice at once', async () => {
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0;http://127.0.0.1:0'], {
      DRAIN_DELAY: '100ms',
      DRAIN_SPREAD: '100ms',
    });
    const [first = '', second = ''] = await server.listening(2);
    const closings = [
      ...(await connectClients(100, `${first.replace('http', 'ws')}/ws`)),
      ...(await connectClients(100, `${second.replace('http', 'ws')}/ws`)),
    ];

    server.child.kill(signal);
    server.child.kill(signal);

    await expect(Promise.all(closings)).resolves.toEqual(politely(200));
    await expect(server.exit).resolves.toMatchObject({ code: 0, stderr: '' });
  });

  it('informs the load balancer and refuses handshakes at once, keeps echoing for DRAIN_DELAY, and exits on a second signal', async () => {
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], { DRAIN_DELAY: '1h' });
    const [url = ''] = await server.listening();
    const webSocketUrl = `${url.replace('http', 'ws')}/ws`;
    const client = new WebSocket(webSocketUrl);
    await once(client, 'open');

    server.child.kill(signal);
    await untilDraining(url);

    await expect(refusalOf(webSocketUrl)).resolves.toMatchObject(comeBackLater);
    const echo = once(client, 'message') as Promise<[Buffer]>;
    client.send('still there?');
    expect(String((await echo)[0])).toBe('still there?');

    client.on('error', () => {});
    // The server takes a signal that comes soon after the first one for the same.
    const impatience = setInterval(() => server.child.kill(signal), 100);
    await expect(server.exit).resolves.toMatchObject({ code: signal === 'SIGINT' ? 130 : 143 });
    clearInterval(impatience);
  });
});

describe('app.close()', () => {
  afterEach(closeApps);

  it('cuts a client that does not answer the close within SHUTDOWN_TIMEOUT', async () => {
    const { url, close } = await startApp({ SHUTDOWN_TIMEOUT: '300ms' });
    const straggler = await connectStraggler(url);

    const closed = close();

    await expect(straggler.readBytes(24)).resolves.toEqual(serverClose(1001, 'Server shutting down'));
    const cut = once(straggler.socket.resume(), 'end');
    await closed;
    await cut;
  });

  it('refuses handshakes with 503, and answers requests while clients are closing', async () => {
    const { url, webSocketUrl, close } = await startApp({ SHUTDOWN_TIMEOUT: '1m' });
    const straggler = await connectStraggler(url);

    const closed = close();
    await straggler.readClose();

    await expect(refusalOf(webSocketUrl)).resolves.toMatchObject(comeBackLater);
    const response = await fetch(`${url}/ws`);
    await response.arrayBuffer();
    expect(response.status).toBe(400);
    straggler.destroy();
    await closed;
  });

  it('does not wait for idle connections', async () => {
    const { urls, close } = await startApp({
      URLS: 'http://127.0.0.1:0;http://127.0.0.1:0',
      SHUTDOWN_TIMEOUT: '1h',
    });
    const sockets = urls.map((url) => connect(Number(new URL(url).port), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));

    await expect(close()).resolves.toBeUndefined();
    sockets.forEach((socket) => socket.destroy());
  });
});
