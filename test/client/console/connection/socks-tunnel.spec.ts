import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { endClients, runClient } from '../../../support/console-client.js';
import { startHttpsApp, type HttpsApp } from '../../../support/https-app.js';
import { closeSocksProxies, startSocksProxy } from '../../../support/socks-proxy.js';
import { closeApps } from '../../../support/start-app.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

afterEach(endClients);
afterEach(closeWebSocketServers);
afterEach(closeSocksProxies);
describe('Through a SOCKS5 proxy the client', () => {
  let app: HttpsApp;

  beforeAll(async () => {
    app = await startHttpsApp();
  });

  afterAll(closeApps);

  it.each([
    ['the name, with socks5h://', 'socks5h', 'echo.invalid', 'echo.invalid'],
    ['the address of the name, with socks5://', 'socks5', 'localhost', /^(127\.0\.0\.1|(0\.){15}1)$/],
    ['an IPv4 address', 'socks5', '127.0.0.1', '127.0.0.1'],
    ['an IPv6 address', 'socks5h', '[::1]', `${'0.'.repeat(15)}1`],
  ])('requests %s', async (_, scheme, host, asked) => {
    const proxy = await startSocksProxy();
    const { port } = await startWebSocketServer(echo);

    const run = await runClient([`ws://${host}:${port}/`, '--proxy', `${scheme}://${proxy.host}`], 'hello\n');

    expect(run).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect(proxy.requests.map((request) => request.replace(`:${port}`, ''))).toEqual([
      typeof asked === 'string' ? asked : expect.stringMatching(asked),
    ]);
  });

  it.each([
    ['wss://', []],
    ['wss:// over HTTP/2', ['--http2']],
  ])('reaches %s', async (_, options) => {
    const proxy = await startSocksProxy();
    const proxied = ['--insecure', '--proxy', `socks5://${proxy.host}`];

    expect(await runClient([app.webSocketUrl, ...proxied, ...options], 'hello\n')).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    });
    expect(proxy.requests).toHaveLength(1);
  });

  it('sends the user and the password of the proxy address', async () => {
    const proxy = await startSocksProxy({ login: 'me:p@ss' });
    const { url } = await startWebSocketServer(echo);

    expect(await runClient([url, '--proxy', `socks5://me:p%40ss@${proxy.host}`])).toMatchObject({ code: 0 });
  });

  it('uses the proxy in ALL_PROXY', async () => {
    const proxy = await startSocksProxy();
    const { port } = await startWebSocketServer(echo);
    const environment = { ALL_PROXY: `socks5h://${proxy.host}` };

    expect(await runClient([`ws://echo.invalid:${port}/`], '', environment)).toMatchObject({ code: 0 });
    expect(proxy.requests).toEqual([`echo.invalid:${port}`]);
  });

  it.each([
    ['requires a password', { login: 'me:other' }, 'Socks5 Authentication failed'],
    ['reports that the server refuses', { reply: 5 }, 'the server refused the connection'],
    ['does not allow the connection', { reply: 2 }, 'its rules do not allow this connection'],
    ['answers with an unknown code', { reply: 99 }, 'Socks5 proxy rejected connection'],
  ])('reports that the proxy %s, and exits with 2', async (_, behaviour, reason) => {
    const proxy = await startSocksProxy(behaviour);

    const { code, stderr } = await runClient(['ws://echo.invalid/', '--proxy', `socks5h://me:secret@${proxy.host}`]);

    expect(code).toBe(2);
    expect(stderr).toContain(
      `Cannot connect to ws://echo.invalid/: the proxy socks5h://${proxy.host} refused: ${reason}`,
    );
    expect(stderr).not.toContain('secret');
  });

  it.each([
    ['does not run', '30s', () => '127.0.0.1:1', 'the connection was refused. Is the proxy running, and on this port?'],
    [
      'cuts the connection',
      '30s',
      () => listening((end) => end('')),
      'the connection was cut before there was an answer.',
    ],
    ['does not answer', '300ms', () => listening(() => {}), 'no answer within 0.3 s (--connect-timeout).'],
    [
      'does not speak SOCKS',
      '30s',
      () => listening((end) => end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      'invalid socks version',
    ],
  ])('distinguishes a proxy that %s from a server, and exits with 2', async (_, timeout, start, reason) => {
    const host = await start();
    const options = ['--proxy', `socks5h://me:secret@${host}`, '--connect-timeout', timeout];

    const { code, stderr } = await runClient(['ws://echo.invalid/', ...options]);

    expect(code).toBe(2);
    expect(stderr).toMatch(`proxy socks5h://${host}`);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('secret');
  });

  const servers: ReturnType<typeof createServer>[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
    }
  });

  /** A server that handles a connection in this way after the first data. */
  async function listening(act: (end: (text: string) => void) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => act((text) => socket.end(text)));
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
});
