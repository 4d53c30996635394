import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { makeCertificate } from '../../../support/certificate.js';
import { endClients, eventsOf, runClient, startClient } from '../../../support/console-client.js';
import { startHttpsApp, type HttpsApp } from '../../../support/https-app.js';
import { closeApps } from '../../../support/start-app.js';

afterEach(endClients);
describe('Over HTTP/2 the client', () => {
  let app: HttpsApp;
  let options: readonly string[];

  beforeAll(async () => {
    app = await startHttpsApp({ COMPRESSION: 'true' });
    options = [app.webSocketUrl, '--http2', '--insecure'];
  });

  afterAll(closeApps);

  it('opens a WebSocket with an extended CONNECT, and shows the handshake', async () => {
    const { code, stdout, stderr } = await runClient([...options, '--show-handshake', '-H', 'X-A: 1'], 'hello\n');

    expect([code, stdout]).toEqual([0, 'hello\n']);
    expect(stderr.split('\n')).toEqual(
      expect.arrayContaining([
        '> CONNECT /ws HTTP/2',
        '> :protocol: websocket',
        '> x-a: 1',
        '> sec-websocket-version: 13',
        '< HTTP/2 200',
      ]),
    );
    expect(stderr).not.toMatch(/upgrade|sec-websocket-key|> connection/i);
  });

  it('sends a large message, and many small ones', async () => {
    const lines = `${'x'.repeat(8 * 1024 * 1024)}\n${'small\n'.repeat(10_000)}`;

    const { child, exit } = startClient([...options, '--verify']);
    child.stdin.end(lines);
    const { code, stdout } = await exit;

    expect(code).toBe(0);
    expect(stdout === lines).toBe(true);
  });

  it('compresses, and shows every frame', async () => {
    const { stdout, stderr } = await runClient([...options, '--compress', '--show-frames'], 'aaaaaaaaaaaaaaaa\n');

    expect(stdout).toBe('aaaaaaaaaaaaaaaa\n');
    expect(stderr).toMatch(/^> text, fin, rsv1, masked, \d bytes$/m);
    expect(stderr).toMatch(/^< text, fin, rsv1, \d bytes$/m);
    expect(stderr).toMatch(/^> close, fin, masked, 8 bytes$/m);
  });

  it('shows the response of a refusal', async () => {
    const events = eventsOf(await runClient([`${app.webSocketUrl}/nothing`, '--http2', '--insecure', '--json']));

    expect(events).toMatchObject([
      {
        type: 'refused',
        status: 404,
        httpVersion: '2',
        request: 'CONNECT /ws/nothing HTTP/2',
        body: expect.stringContaining('Cannot GET /ws/nothing'),
      },
    ]);
  });

  it('detects a silent server', async () => {
    expect(
      await runClient([...options, '--silence-timeout', '200ms', '--no-echo', '--quiet-period', '0']),
    ).toMatchObject({
      code: 3,
      stderr: 'The connection was lost: nothing was received for 0.2 s (--silence-timeout) (1006).\n',
    });
  });
});

describe('Without WebSockets over HTTP/2, the client exits', () => {
  let certificate: { cert: string; key: string };
  const servers: (Server | Http2SecureServer)[] = [];

  beforeAll(async () => {
    certificate = await makeCertificate();
  });

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
    }
  });

  async function listen(server: Server | Http2SecureServer): Promise<string> {
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `wss://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('with 2 when the server does not support HTTP/2', async () => {
    const server = createServer(certificate);
    const webSocketServer = new WebSocketServer({ server });
    const url = await listen(server);

    expect(await runClient([url, '--http2', '--insecure'])).toMatchObject({
      code: 2,
      stderr: `Cannot connect to ${url} over HTTP/2: the server does not offer it. Without --http2 the client uses HTTP/1.1.\n`,
    });
    expect(await runClient([url, '--insecure'])).toMatchObject({ code: 0 });
    webSocketServer.close();
  });

  it('with 2 when the server does not support WebSockets over HTTP/2', async () => {
    const url = await listen(createSecureServer(certificate));

    const { code, stderr } = await runClient([url, '--http2', '--insecure']);

    expect(code).toBe(2);
    expect(stderr).toContain('the server offers it, but without WebSockets (RFC 8441).');
  });

  it('with 2 when the connection ends before a response', async () => {
    const server = createSecureServer({ ...certificate, settings: { enableConnectProtocol: true } });
    server.on('stream', (stream) => stream.session?.destroy());
    const url = await listen(server);

    const { code, stderr } = await runClient([url, '--http2', '--insecure']);

    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot connect to ${url}: `);
  });

  it('with 3 when an open connection is lost', async () => {
    const server = createSecureServer({ ...certificate, settings: { enableConnectProtocol: true } });
    const connected = once(server, 'session') as Promise<[ServerHttp2Session]>;
    server.on('stream', (stream) => stream.on('error', () => {}).respond({ ':status': 200 }));
    const url = await listen(server);
    const { exit, said } = startClient([url, '--http2', '--insecure', '--json']);
    const [session] = await connected;
    await said('stdout', '"type":"open"');
    session.destroy();

    expect((await exit).code).toBe(3);
  });
});
