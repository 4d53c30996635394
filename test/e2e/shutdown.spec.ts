import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

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
