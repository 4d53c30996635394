import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import { makeCertificateFiles } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { haproxyProgram, startHaproxy } from '../support/haproxy.js';
import { startHttpsApp, type HttpsApp } from '../support/https-app.js';
import { describeWith, type OptionalProgram } from '../support/installed-program.js';
import { nginxProgram, runNginx } from '../support/nginx.js';
import { endProxies } from '../support/proxy-process.js';
import { closeApps } from '../support/start-app.js';

/** Where a proxy listens, and the server behind it. */
interface Route {
  readonly port: number;
  readonly server: string;
  /** How long a connection may be silent, such as `2s`. */
  readonly timeout: string;
  /** The files of a certificate for 127.0.0.1. */
  readonly cert: string;
  readonly key: string;
}

/** A proxy before the server. */
interface Proxy {
  readonly program: OptionalProgram;
  readonly start: (route: Route) => Promise<void>;
  /** What clients use. */
  readonly scheme: 'http' | 'https';
  /** Options of the server. Two certificates are at hand, so that TLS may end at the proxy or at the server. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the server knows the scheme that clients use. */
  readonly tellsScheme: boolean;
}

/** nginx, with these headers for the server. */
const nginx =
  (listen: string, headers: readonly string[]) =>
  ({ port, server, timeout, cert, key }: Route): Promise<void> =>
    runNginx(`
      map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
      server {
        listen 127.0.0.1:${port} ${listen};
        ${listen === 'ssl' ? `ssl_certificate ${cert}; ssl_certificate_key ${key};` : ''}
        location / {
          proxy_pass http://${server};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_upgrade;
          ${headers.map((header) => `proxy_set_header ${header};`).join('\n')}
          proxy_read_timeout ${timeout};
          proxy_send_timeout ${timeout};
        }
      }
    `);

/** HAProxy, with these lines for its back end, and this behind the address of the server. */
const haproxy =
  (mode: 'http' | 'tcp', bind: string, lines: readonly string[], suffix = '') =>
  async ({ port, server, timeout, cert, key }: Route): Promise<void> => {
    const pem = `${await readFile(cert, 'utf8')}${await readFile(key, 'utf8')}`;
    const configuration = (folder: string): string => `
defaults
  mode ${mode}
  timeout connect 5s
  timeout client ${timeout}
  timeout server ${timeout}
  timeout tunnel ${timeout}
frontend clients
  bind 127.0.0.1:${port} ${bind.replace('FOLDER', folder)}
  default_backend servers
backend servers
${lines.map((line) => `  ${line}\n`).join('')}
  server one ${server} ${suffix}
`;
    await startHaproxy(configuration, { 'both.pem': pem });
  };

const proxies: readonly [name: string, proxy: Proxy][] = [
  [
    'nginx with X-Forwarded-For',
    {
      program: nginxProgram,
      scheme: 'http',
      tellsScheme: true,
      start: nginx('', [
        'X-Forwarded-For $proxy_add_x_forwarded_for',
        'X-Forwarded-Proto $scheme',
        'X-Forwarded-Host $http_host',
        'Forwarded ""',
      ]),
    },
  ],
  [
    'nginx that ends TLS, with Forwarded',
    {
      program: nginxProgram,
      scheme: 'https',
      tellsScheme: true,
      start: nginx('ssl', [
        String.raw`Forwarded "$http_forwarded, for=\"$remote_addr:$remote_port\";proto=$scheme;host=\"$http_host\""`,
        'X-Forwarded-For ""',
      ]),
    },
  ],
  [
    'HAProxy with X-Forwarded-For',
    {
      program: haproxyProgram,
      scheme: 'http',
      tellsScheme: true,
      start: haproxy('http', '', [
        'option forwardfor',
        'http-request set-header X-Forwarded-Proto http',
        'http-request del-header Forwarded',
      ]),
    },
  ],
  [
    'HAProxy that ends TLS, with Forwarded',
    {
      program: haproxyProgram,
      scheme: 'https',
      tellsScheme: true,
      start: haproxy('http', 'ssl crt FOLDER/both.pem', [
        'http-request add-header Forwarded for=%[src];proto=https',
        'http-request del-header X-Forwarded-For',
      ]),
    },
  ],
  [
    'HAProxy with the PROXY protocol 1',
    {
      program: haproxyProgram,
      scheme: 'http',
      tellsScheme: false,
      environment: { PROXY_PROTOCOL: 'true', TRUST_PROXY: '0' },
      start: haproxy('tcp', '', [], 'send-proxy check check-send-proxy'),
    },
  ],
  [
    'HAProxy with the PROXY protocol 2, before TLS',
    {
      program: haproxyProgram,
      scheme: 'https',
      tellsScheme: false,
      environment: { PROXY_PROTOCOL: 'true', TRUST_PROXY: '0', URLS: 'https://127.0.0.1:0' },
      start: haproxy('tcp', '', [], 'send-proxy-v2'),
    },
  ],
];

for (const [name, { program, start, scheme, environment, tellsScheme }] of proxies) {
  describeWith([program], name, () => {
    let app: HttpsApp;
    let url: string;

    /** Starts the server, and the proxy before it. */
    async function startBoth(options: Record<string, string> = {}, timeout = '60s'): Promise<void> {
      const port = await freePort();
      app = await startHttpsApp({ URLS: 'http://127.0.0.1:0', TRUST_PROXY: '1', ...environment, ...options });
      await start({ ...(await makeCertificateFiles()), port, timeout, server: new URL(app.url).host });
      url = `${scheme}://127.0.0.1:${port}`;
    }

    async function endBoth(): Promise<void> {
      await endProxies();
      await closeApps();
    }

    const dial = (options: ClientOptions = {}): WebSocket => {
      const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { rejectUnauthorized: false, ...options });
      webSocket.on('error', () => {});
      return webSocket;
    };

    async function open(options?: ClientOptions): Promise<WebSocket> {
      const webSocket = dial(options);
      await once(webSocket, 'open');
      return webSocket;
    }

    /** The status of a handshake. */
    async function statusOf(options: ClientOptions): Promise<number | undefined> {
      const webSocket = dial(options);
      return new Promise((resolve) => {
        webSocket.once('open', () => resolve(101));
        webSocket.once('unexpected-response', (request, { statusCode }: IncomingMessage) => {
          request.destroy();
          resolve(statusCode);
        });
      });
    }

    describe('with the default time-outs', () => {
      beforeAll(() => startBoth({ MAX_CONNECTIONS_PER_ADDRESS: '1', ALLOWED_ORIGINS: 'same-origin' }));
      afterAll(endBoth);

      it('passes large messages, and the close of the client', async () => {
        const webSocket = await open();
        const message = Buffer.alloc(5_000_000, 'proxy');

        webSocket.send(message);
        const [echo] = (await once(webSocket, 'message')) as [Buffer];
        expect(message.equals(echo)).toBe(true);

        const closed = once(webSocket, 'close');
        webSocket.close(3001, 'bye');
        await expect(closed).resolves.toEqual([3001, Buffer.from('bye')]);
      });

      it('tells the address of each client, which no client can forge', async () => {
        const forged = { 'X-Forwarded-For': '9.9.9.9', Forwarded: 'for=9.9.9.9' };

        await expect(statusOf({ localAddress: '127.0.0.2' })).resolves.toBe(101);
        await expect(statusOf({ localAddress: '127.0.0.3' })).resolves.toBe(101);
        await expect(statusOf({ localAddress: '127.0.0.2' })).resolves.toBe(429);
        await expect(statusOf({ localAddress: '127.0.0.2', headers: forged })).resolves.toBe(429);
      });

      it('tells the origin of the server', async () => {
        await expect(statusOf({ origin: url, localAddress: '127.0.0.4' })).resolves.toBe(101);
        await expect(statusOf({ origin: 'https://evil.example', localAddress: '127.0.0.5' })).resolves.toBe(403);
        const otherScheme = url.replace(/^https?/, scheme === 'http' ? 'https' : 'http');
        await expect(statusOf({ origin: otherScheme, localAddress: '127.0.0.6' })).resolves.toBe(
          tellsScheme ? 403 : 101,
        );
      });

      it('passes the close of a server that shuts down', async () => {
        const webSocket = await open({ localAddress: '127.0.0.7' });
        const messages: string[] = [];
        webSocket.on('message', (data: Buffer) => messages.push(data.toString()));
        const closed = once(webSocket, 'close');
        webSocket.send('first');
        await once(webSocket, 'message');

        await app.close();

        await expect(closed).resolves.toEqual([1001, Buffer.from('Server shutting down')]);
        expect(messages).toEqual(['first']);
      });
    });

    describe('with a short time-out', () => {
      afterEach(endBoth);

      it('keeps a silent connection that the server pings', async () => {
        await startBoth({ KEEP_ALIVE_INTERVAL: '250ms' }, '2s');
        const webSocket = await open();
        // Together they take longer than the time-out of the proxy.
        for (let pings = 0; pings < 10; pings++) {
          await once(webSocket, 'ping');
        }
        webSocket.send('still there');
        expect(String((await once(webSocket, 'message'))[0])).toBe('still there');
      });

      it('cuts a silent connection that the server does not ping', async () => {
        await startBoth({ KEEP_ALIVE_INTERVAL: '0' }, '1s');
        const webSocket = await open();

        await expect(once(webSocket, 'close')).resolves.toEqual([1006, Buffer.alloc(0)]);
      });
    });
  });
}
