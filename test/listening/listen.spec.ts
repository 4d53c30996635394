import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HttpAdapterHost } from '@nestjs/core';
import { WebSocket } from 'ws';
import { readConfiguration } from '../../src/config/read-configuration.js';
import { formatAddress } from '../../src/config/listen-address.js';
import { createApp } from '../../src/create-app.js';
import { listen, ListenError } from '../../src/listening/listen.js';
import { makeFolder } from '../support/folder.js';
import { closeApps, startApp } from '../support/start-app.js';

async function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname.replace(/[[\]]/g, ''));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** An address without a port: a named pipe on Windows, a Unix domain socket elsewhere. */
async function pipePath(): Promise<string> {
  return process.platform === 'win32' ? `\\\\.\\pipe\\nest-ws-echo-${process.pid}` : join(makeFolder(), 'server.sock');
}

afterEach(closeApps);
describe('The application', () => {
  it('reports the selected port when it listens on port 0', async () => {
    const { app, urls } = await startApp({ URLS: 'http://127.0.0.1:0' });

    expect(app.getHttpServer().address()).toMatchObject({ port: Number(new URL(urls[0] ?? '').port) });
  });

  it('informs Nest when it listens', async () => {
    const { app } = await startApp({}, (created) => expect(created.get(HttpAdapterHost).listening).toBe(false));

    expect(app.get(HttpAdapterHost).listening).toBe(true);
  });

  it('listens on the same port of IPv4 and IPv6 for localhost', async () => {
    const { url } = await startApp({ URLS: 'http://localhost:0' });

    expect(url).toMatch(/^http:\/\/localhost:[1-9]/);
    await expect(isOpen(url.replace('localhost', '127.0.0.1'))).resolves.toBe(true);
    await expect(isOpen(url.replace('localhost', '[::1]'))).resolves.toBe(true);
  });

  it('serves requests and WebSockets on each of several addresses until it closes', async () => {
    const { urls, close } = await startApp({ URLS: 'http://127.0.0.1:0;http://[::1]:0;http://127.0.0.1:0' });
    const webSockets = urls.map((url) => new WebSocket(`${url.replace('http', 'ws')}/ws`));
    await Promise.all(webSockets.map((webSocket) => once(webSocket, 'open')));
    const statuses = await Promise.all(urls.map((url) => fetch(`${url}/ws`).then(({ status }) => status)));
    const closings = webSockets.map((webSocket) => once(webSocket, 'close').then(([code]: number[]) => code));

    await close();

    expect(statuses).toEqual([400, 400, 400]);
    await expect(Promise.all(closings)).resolves.toEqual([1001, 1001, 1001]);
    await expect(Promise.all(urls.map(isOpen))).resolves.toEqual([false, false, false]);
  });

  it('serves requests and WebSockets on a pipe, as under iisnode, until it closes', async () => {
    const path = await pipePath();
    const app = await createApp(readConfiguration({ LOG_LEVEL: 'off', MAX_CONNECTIONS_PER_ADDRESS: '1' }));

    await expect(listen(app, [{ path }])).resolves.toEqual([formatAddress({ path })]);

    const [page] = (await once(request({ socketPath: path }).end(), 'response')) as [IncomingMessage];
    expect(page.resume().statusCode).toBe(200);
    const webSocket = new WebSocket(`ws+unix:${path}:/ws`);
    await once(webSocket, 'open');
    webSocket.send('hello');
    expect(String((await once(webSocket, 'message'))[0])).toBe('hello');
    const closed = once(webSocket, 'close');
    await app.close();
    expect((await closed)[0]).toBe(1001);
  });

  it('rejects an address in use, and names it', async () => {
    const { url } = await startApp();

    const error: unknown = await startApp({ URLS: `http://127.0.0.1:0;${url}` }).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ListenError);
    expect(error).toHaveProperty('message', expect.stringContaining(`Cannot listen on ${url}: it is already in use.`));
  });

  it.each(['http://192.0.2.1:0', 'http://host.invalid:0'])(
    'rejects an address that this machine does not have: %s',
    async (url) => {
      await expect(startApp({ URLS: url })).rejects.toThrow(
        new RegExp(`^Cannot listen on ${url}: (this machine has no such address|the host name .+)\\. Choose .+$`),
      );
    },
  );

  it('rejects localhost when its IPv6 address is in use', async () => {
    const { url } = await startApp({ URLS: 'http://[::1]:0' });

    const starting = startApp({ URLS: url.replace('[::1]', 'localhost') });

    await expect(starting).rejects.toThrow(/Cannot listen on http:\/\/localhost:\d+: it is already in use/);
  });
});
