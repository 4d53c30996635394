import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { readFile } from 'node:fs/promises';
import { makeCertificateFiles } from '../../../support/certificate.js';
import { endClients, runClient } from '../../../support/console-client.js';
import { startHttpsApp, type HttpsApp } from '../../../support/https-app.js';
import { closeApps } from '../../../support/start-app.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

/** A proxy and its CONNECT requests. */
interface Proxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly requests: IncomingMessage[];
}

const proxies: TcpServer[] = [];

/** A proxy that opens tunnels to a port of 127.0.0.1 for any host. */
async function startProxy(server = createHttpServer()): Promise<Proxy> {
  const requests: IncomingMessage[] = [];
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    requests.push(request);
    const target = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) {
      end.on('error', () => socket.destroy()).on('close', () => target.destroy());
    }
  });
  return { host: await listen(server), requests };
}

/** A proxy that answers CONNECT with these bytes. */
async function startRefusingProxy(answer: string): Promise<string> {
  const server = createHttpServer();
  server.on('connect', (_: IncomingMessage, socket: Socket) => socket.end(answer));
  return listen(server);
}

async function listen(server: TcpServer): Promise<string> {
  proxies.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(endClients);
afterEach(closeWebSocketServers);
afterEach(() => {
  for (const proxy of proxies.splice(0)) {
    proxy.close();
  }
});
describe('Through an HTTP proxy the client', () => {
  let app: HttpsApp;

  beforeAll(async () => {
    app = await startHttpsApp();
  });

  afterAll(closeApps);

  it('reaches ws://', async () => {
    const proxy = await startProxy();
    const { port } = await startWebSocketServer(echo);

    const { code, stdout } = await runClient(['ws://echo.invalid:' + port, '--proxy', proxy.host], 'hello\n');

    expect([code, stdout]).toEqual([0, 'hello\n']);
    expect(proxy.requests.map(({ url, headers }) => [url, headers.host])).toEqual([
      [`echo.invalid:${port}`, `echo.invalid:${port}`],
    ]);
  });

  it.each([
    ['wss://', []],
    ['wss:// over HTTP/2', ['--http2']],
  ])('reaches %s', async (_, options) => {
    const proxy = await startProxy();

    const { code, stdout } = await runClient(
      [app.webSocketUrl, '--insecure', '--proxy', `http://${proxy.host}`, ...options],
      'hello\n',
    );

    expect([code, stdout]).toEqual([0, 'hello\n']);
    expect(proxy.requests.map(({ url }) => url)).toEqual([new URL(app.url).host]);
  });

  it('reaches it over TLS', async () => {
    const { cert, key } = await makeCertificateFiles();
    const proxy = await startProxy(createHttpsServer({ cert: await readFile(cert), key: await readFile(key) }));
    const { url } = await startWebSocketServer(echo);

    const run = await runClient([url, '--ca', cert, '--proxy', `https://${proxy.host}`], 'hello\n');

    expect(run).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('sends the user and the password of the proxy address', async () => {
    const proxy = await startProxy();
    const { url } = await startWebSocketServer(echo);

    await runClient([url, '--proxy', `http://me:p%40ss@${proxy.host}`]);

    expect(proxy.requests.map(({ headers }) => headers['proxy-authorization'])).toEqual([
      `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    ]);
  });

  it('reports that the proxy refuses, and exits with 2', async () => {
    const host = await startRefusingProxy(
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 10\r\n\r\nwho is it?',
    );

    const { code, stderr } = await runClient(['ws://echo.invalid/', '--proxy', `http://me:secret@${host}`]);

    expect(code).toBe(2);
    expect(stderr).toContain(`The proxy http://${host}/ refused: HTTP/1.1 407 Proxy Authentication Required\n`);
    expect(stderr).toContain('< Proxy-Authenticate: Basic\n');
    expect(stderr).toContain('\n| who is it?\n');
    expect(stderr).not.toContain('secret');
  });

  it('reports that the proxy does not run, and exits with 2', async () => {
    expect(await runClient(['ws://echo.invalid/', '--proxy', 'http://127.0.0.1:1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'Cannot connect to the proxy http://127.0.0.1:1/: the connection was refused. Is the proxy running',
      ),
    });
  });
});

describe('An unusable proxy', () => {
  it.each([
    ['does not answer', '300ms', 'http', () => {}, 'no answer within 0.3 s (--connect-timeout).'],
    ['cuts the connection', '30s', 'http', (socket: Socket) => socket.destroy(), 'Is it https:// instead of http://?'],
    ['has no TLS', '30s', 'https', (socket: Socket) => socket.end('no TLS'), 'Is it http:// instead of https://?'],
  ])('that %s is distinguished from a server', async (_, timeout, scheme, act, reason) => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).once('data', () => act(socket)));
    const proxy = `${scheme}://${await listen(server)}`;
    const options = ['--proxy', proxy.replace('//', '//me:secret@'), '--connect-timeout', timeout];

    const { code, stderr } = await runClient(['ws://echo.invalid/', ...options]);

    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot connect to the proxy ${proxy}/: `);
    expect(stderr).toContain(reason);
  });
});

describe('The proxy of the environment', () => {
  it.each([
    ['HTTP_PROXY', 'http://PROXY'],
    ['http_proxy', 'PROXY'],
    ['ALL_PROXY', 'http://PROXY'],
  ])('is in %s', async (variable, address) => {
    const proxy = await startProxy();
    const { port } = await startWebSocketServer(echo);
    const environment = { [variable]: address.replace('PROXY', proxy.host) };

    const run = await runClient([`ws://echo.invalid:${port}/`], 'hello\n', environment);

    expect(run).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('is not used for this machine, nor with --no-proxy', async () => {
    const environment = { HTTP_PROXY: 'http://127.0.0.1:1' };
    const { url } = await startWebSocketServer(echo);

    expect(await runClient([url], '', environment)).toMatchObject({ code: 0 });
    expect(await runClient(['ws://echo.invalid/', '--no-proxy'], '', environment)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ws://echo.invalid/: the host name'),
    });
  });

  it('causes an error when it is invalid', async () => {
    const environment = { HTTP_PROXY: 'ftp://me:secret@127.0.0.1:1' };

    expect(await runClient(['ws://echo.invalid/'], '', environment)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: HTTP_PROXY is "ftp:\/\/\*\*\*@127\.0\.0\.1:1"\. Accepted: /),
    });
  });
});
