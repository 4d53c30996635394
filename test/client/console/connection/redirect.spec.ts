import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { RefusedError } from '../../../../client/console/src/connection/connect-error.js';
import type { ConnectOptions } from '../../../../client/console/src/connection/connect.js';
import { connectOptions } from '../../../../client/console/src/connection/connect-options.js';
import { followRedirect } from '../../../../client/console/src/connection/redirect.js';
import type { ConnectArguments } from '../../../../client/console/src/command-line.js';
import { endClients, eventsOf, runClient } from '../../../support/console-client.js';
import { makeFolder } from '../../../support/folder.js';
import { startHttpsApp } from '../../../support/https-app.js';
import { closeApps } from '../../../support/start-app.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

const servers: Server[] = [];
const secrets = ['--auth', 'me:secret', '-H', 'Cookie: id=secret', '-H', 'Host: a.example', '-H', 'X-A: 1'];

afterEach(endClients);
afterEach(closeWebSocketServers);
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});
afterAll(closeApps);
/** A server that redirects every request to this address, except a request for the address itself. */
async function startRedirect(location: string, status = 302, place: string | number = 0): Promise<string> {
  const server = createServer();
  const webSocketServer = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (location.startsWith('/') && request.url === location) {
      webSocketServer.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('message', () => webSocket.send(JSON.stringify(request.headers)));
      });
    } else {
      socket.end(`HTTP/1.1 ${status} Elsewhere\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  servers.push(server);
  await once(
    server.listen(typeof place === 'string' ? { path: place } : { port: place, host: '127.0.0.1' }),
    'listening',
  );
  return typeof place === 'string' ? `ws+unix:${place}:/` : `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('With --location', () => {
  it.each([301, 302, 303, 307, 308])('the client follows a redirect with %i, and reports it', async (status) => {
    const { url } = await startWebSocketServer(echo);
    const first = await startRedirect(url.replace('ws:', 'http:'), status);

    const [open] = eventsOf(await runClient([first, '--location', '--json']));

    expect(open).toMatchObject({ type: 'open', url });
  });

  it('the client keeps the credentials for a relative redirect within the origin', async () => {
    const url = await startRedirect('/there?a=b');

    const { code, stdout } = await runClient([url, '-L', ...secrets], 'who am I?\n');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      authorization: expect.stringMatching(/^Basic /),
      cookie: 'id=secret',
      host: 'a.example',
      'x-a': '1',
    });
  });

  it('the client sends no credentials to another origin, even if a refusal follows', async () => {
    let headers: IncomingHttpHeaders = {};
    const { url } = await startWebSocketServer((_, request) => ({ headers } = request));
    const first = await startRedirect(url);

    expect(await runClient([first, '-L', ...secrets])).toMatchObject({ code: 0 });
    expect(headers).toMatchObject({ host: new URL(url).host, 'x-a': '1' });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');

    const refusing = createServer((_, response) => response.writeHead(401).end());
    servers.push(refusing);
    await once(refusing.listen(0, '127.0.0.1'), 'listening');
    const second = await startRedirect(`http://127.0.0.1:${(refusing.address() as AddressInfo).port}/`);

    const { code, stderr } = await runClient([second, '-L', ...secrets]);

    expect(code).toBe(2);
    expect(stderr).toContain(
      '401 Unauthorized. These headers were not sent, because it is another origin: Cookie, Authorization.',
    );
  });

  it('the client sends the user and the password in the new address, and does not show them', async () => {
    let headers: IncomingHttpHeaders = {};
    const { url } = await startWebSocketServer((_, request) => ({ headers } = request));
    const first = await startRedirect(url.replace('ws://', 'ws://you:hidden@'));

    const { code, stdout, stderr } = await runClient([first, '-L', '--json', '--show-handshake', ...secrets]);

    expect(code).toBe(0);
    expect(headers.authorization).toBe(`Basic ${Buffer.from('you:hidden').toString('base64')}`);
    expect(stdout + stderr).not.toContain('hidden');
  });

  it('the client follows a redirect from ws:// to wss://', async () => {
    const { webSocketUrl } = await startHttpsApp();
    const first = await startRedirect(webSocketUrl.replace('wss:', 'https:'));

    expect(await runClient([first, '-L', '--insecure'], 'hello\n')).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('the client follows a redirect on a Unix socket', async () => {
    const url = await startRedirect('/there', 302, join(makeFolder(), 'echo.sock'));

    const [open] = eventsOf(await runClient([url, '-L', '--json']));

    expect(open).toMatchObject({ url: `${url}there` });
  });

  it('the client shows each request and response with --show-handshake', async () => {
    const { stderr } = await runClient([await startRedirect('/there'), '-L', '--show-handshake']);

    expect(stderr.match(/^[<>] (GET|HTTP).*$/gm)).toEqual([
      '> GET / HTTP/1.1',
      '< HTTP/1.1 302 Elsewhere',
      '> GET /there HTTP/1.1',
      '< HTTP/1.1 101 Switching Protocols',
    ]);
  });

  it.each([
    [
      'to another scheme',
      'ftp://a.example/',
      [],
      'points to ftp://a.example/. That is not the address of a WebSocket.',
    ],
    ['to a Unix socket', 'ws+unix:/tmp/a.sock', [], 'That is not the address of a WebSocket.'],
    ['in a circle', '?again', [], 'Only 10 redirects are followed.'],
  ])('the client exits with 2 after a redirect %s', async (_, location, options, message) => {
    const { code, stderr } = await runClient([await startRedirect(location), '-L', ...options]);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('Warning');
  });
});

describe('The target of a redirect', () => {
  const handshake = {
    request: { line: 'GET / HTTP/1.1', headers: [] },
    response: { httpVersion: '1.1', status: 302, statusText: 'Found', headers: [] },
  };
  const flags = { connectTimeout: 0, location: true, servername: 'b.example', connectTo: 'c.example:1' };
  const environment = { HTTP_PROXY: 'ftp://me:secret@d.example', HTTPS_PROXY: 'e.example:2' };
  const from = (more: Partial<ConnectArguments> = {}): ConnectOptions =>
    connectOptions(new URL('wss://a.example/'), { ...flags, ...more }, environment);
  const follow = (location: string, options = from()): ConnectOptions =>
    followRedirect(new RefusedError('refused', handshake, '', location), options, 0);

  it('keeps --connect-to and --servername within the origin', () => {
    const { url, endpoint, tls } = follow('/b');

    expect([url.href, endpoint.host, tls.servername]).toEqual(['wss://a.example/b', 'c.example:1', 'b.example']);
  });

  it('loses --connect-to and --servername at another origin', () => {
    const { url, endpoint, tls, proxy } = follow('wss://a.example:444/b');

    expect([url.href, endpoint.host, tls.servername]).toEqual(['wss://a.example:444/b', 'a.example:444', undefined]);
    expect(proxy?.host).toBe('e.example:2');
  });

  it.each([
    ['the proxy of the environment is invalid', from(), 'HTTP_PROXY is "ftp://***@d.example"'],
    ['HTTP/2 is required, which needs TLS', from({ http2: true }), '--http2 is for wss:// addresses.'],
  ])('is rejected when %s', (_, options, message) => {
    expect(() => follow('ws://a.example/', options)).toThrow(message);
  });
});

describe('Without --location', () => {
  it.each([
    ['http://you:hidden@a.example/b', 'It points to ws://a.example/b. --location follows redirects.'],
    ['ftp://you:hidden@a.example/b', 'It points to ftp://***@a.example/b. --location follows redirects.'],
  ])('the client reports a redirect to %s', async (location, message) => {
    const { code, stdout, stderr } = await runClient([await startRedirect(location), '--json']);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stdout + stderr).not.toContain('hidden');
  });
});
