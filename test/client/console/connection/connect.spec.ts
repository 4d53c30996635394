import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { createLabServer, type LabServer } from '../../../../src/lab/lab-server.js';
import { endClients, eventsOf, runClient, startClient } from '../../../support/console-client.js';
import { makeFolder } from '../../../support/folder.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

const servers: Server[] = [];

let lab: LabServer;
beforeAll(async () => {
  lab = await createLabServer();
});
afterAll(() => lab.close());

/** Answers the next handshake with these bytes, and ends the connection. */
function answering(bytes: string): string {
  void lab.next((peer) => peer.write(Buffer.from(bytes)));
  return lab.url;
}

afterEach(endClients);
afterEach(closeWebSocketServers);
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});

describe('The request', () => {
  async function requestOf(
    options: readonly string[],
    environment: Record<string, string> = {},
    credentials = '',
  ): Promise<IncomingHttpHeaders & { url?: string }> {
    let request: IncomingHttpHeaders = {};
    const { port } = await startWebSocketServer((_, { headers, url }) => (request = { ...headers, url }), {
      handleProtocols: ([first]) => first ?? false,
    });
    const url = `ws://${credentials}127.0.0.1:${port}/path?query=1`;
    expect(await runClient([url, ...options], '', environment)).toMatchObject({ code: 0 });
    return request;
  }

  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each([
    ['the path and the query', [], { url: '/path?query=1' }],
    ['a header', ['-H', 'X-One: 1'], { 'x-one': '1' }],
    ['several headers', ['--header', 'X-One: 1', '--header', 'X-Two:2'], { 'x-one': '1', 'x-two': '2' }],
    ['a header twice', ['-H', 'X-One: 1', '-H', 'x-one: 2'], { 'x-one': '1, 2' }],
    ['another Host', ['-H', 'Host: example.com'], { host: 'example.com' }],
    ['the Origin', ['--origin', 'https://example.com'], { origin: 'https://example.com' }],
    ['subprotocols', ['--subprotocol', 'a', '--subprotocol', 'b.v2'], { 'sec-websocket-protocol': 'a,b.v2' }],
    [
      'permessage-deflate',
      ['--compress'],
      { 'sec-websocket-extensions': expect.stringMatching(/^permessage-deflate/) },
    ],
    ['a user and a password', ['-u', 'me:pass:word'], { authorization: basic('me:pass:word') }],
  ])('contains %s', async (_, options, headers) => {
    expect(await requestOf(options)).toMatchObject(headers);
  });

  it('contains nothing else', async () => {
    expect(Object.keys(await requestOf([]))).toEqual([
      'sec-websocket-version',
      'sec-websocket-key',
      'connection',
      'upgrade',
      'host',
      'url',
    ]);
  });

  it.each([
    ['user and password', { NEST_WS_ECHO_AUTH: 'env:secret' }, basic('env:secret')],
    ['a token', { NEST_WS_ECHO_TOKEN: 'abc' }, 'Bearer abc'],
    [
      'the user and password if both are set',
      { NEST_WS_ECHO_AUTH: 'env:secret', NEST_WS_ECHO_TOKEN: 'abc' },
      basic('env:secret'),
    ],
  ])('contains %s from the environment', async (_, environment, authorization) => {
    expect(await requestOf([], environment as Record<string, string>)).toMatchObject({ authorization });
  });

  it.each([
    ['--auth before the address', ['--auth', 'a:b'], 'c:d@', basic('a:b')],
    ['the address before the environment', [], 'c%40:d@', basic('c@:d')],
    ['--header before all', ['--auth', 'a:b', '--header', 'authorization: Digest x'], 'c:d@', 'Digest x'],
  ])('prefers %s', async (_, options, credentials, authorization) => {
    const environment = { NEST_WS_ECHO_AUTH: 'env:secret' };
    expect(await requestOf(options, environment, credentials)).toMatchObject({ authorization });
  });
});

describe('--show-handshake', () => {
  it('shows the request and the response, without secrets', async () => {
    const { port } = await startWebSocketServer(echo);

    const { stdout, stderr } = await runClient(
      [`ws://127.0.0.1:${port}/`, '--show-handshake', '--auth', 'me:secret', '-H', 'Cookie: id=secret', '-H', 'X-A: 1'],
      'hello\n',
    );

    expect(stdout).toBe('hello\n');
    expect(stderr.split('\n')).toEqual(
      expect.arrayContaining([
        '> GET / HTTP/1.1',
        `> Host: 127.0.0.1:${port}`,
        '> X-A: 1',
        '> Authorization: (18 characters, not shown)',
        '> Cookie: (9 characters, not shown)',
        '< HTTP/1.1 101 Switching Protocols',
        '< Connection: Upgrade',
      ]),
    );
  });

  it('adds the headers to the event "open" with --json', async () => {
    const { url } = await startWebSocketServer(echo, { handleProtocols: () => 'b' });

    const [open] = eventsOf(
      await runClient([url, '--json', '--show-handshake', '--subprotocol', 'a', '--subprotocol', 'b']),
    );

    expect(open).toMatchObject({
      status: 101,
      httpVersion: '1.1',
      subprotocol: 'b',
      request: 'GET / HTTP/1.1',
      requestHeaders: { 'sec-websocket-protocol': 'a,b', upgrade: 'websocket' },
      responseHeaders: { 'sec-websocket-protocol': 'b', upgrade: 'websocket' },
    });
  });
});

describe('--compress', () => {
  it('reports that the server does not compress', async () => {
    const { url } = await startWebSocketServer(echo);

    expect((await runClient([url, '--compress'])).stderr).toBe(
      'The server declined compression: messages are not compressed.\n',
    );
  });

  it('compresses sent messages, and inflates received ones', async () => {
    const { url } = await startWebSocketServer(echo, { perMessageDeflate: true });
    const line = `${'compress me '.repeat(1000)}\n`;

    const { stdout, stderr } = await runClient([url, '--compress', '--show-frames', '--verify'], line);

    expect(stdout).toBe(line);
    expect(stderr).toMatch(/^> text, fin, rsv1, masked, \d{2,3} bytes$/m);
    expect(stderr).toMatch(/^< text, (fin, )?rsv1, \d+ bytes$/m);
  });
});

describe('A refusal', () => {
  it('is shown with its status, headers and body, and the client exits with 2', async () => {
    const headers = Object.entries({
      'WWW-Authenticate': 'Basic realm="ü"',
      'Content-Type': 'text/plain; charset=utf-8',
    });
    void lab.next((peer) => peer.refuse(401, headers, 'Wer bist du?\u001b[31m\n'));

    const { code, stdout, stderr } = await runClient([lab.url], 'hello\n');

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      new RegExp(`^ws://127\\.0\\.0\\.1:${lab.port}/lab refused: HTTP/1\\.1 401 Unauthorized\\.\n`),
    );
    expect(stderr).toContain('\n< WWW-Authenticate: Basic realm=');
    expect(stderr).toContain('\n| Wer bist du?\\x1b[31m\n');
  });

  it('is one event with --json', async () => {
    const headers = [
      ['X-A', '1'],
      ['X-A', '2'],
    ] as const;
    void lab.next((peer) => peer.refuse(403, headers, 'no'));

    const events = eventsOf(await runClient([lab.url, '--json']));

    expect(events).toMatchObject([
      { type: 'refused', status: 403, httpVersion: '1.1', responseHeaders: { 'x-a': '1, 2' }, body: 'no' },
    ]);
  });

  it.each([
    ['in another character set', { 'Content-Type': 'text/plain; charset=iso-8859-1' }, Buffer.from([0xfc]), 'ü'],
    [
      'that is not text',
      { 'Content-Type': 'image/png' },
      Buffer.from([0, 1]),
      '(2 bytes that are not text: image/png)',
    ],
    ['that is compressed', { 'Content-Encoding': 'gzip' }, Buffer.from([31]), '(1 bytes that are not text: gzip)'],
    ['that is long', {}, Buffer.alloc(1024 * 1024, 'x'), `${'x'.repeat(8192)}…`],
  ])('may have a body %s', async (_, headers, body, shown) => {
    void lab.next((peer) => peer.refuse(400, Object.entries(headers), body));

    const { code, stderr } = await runClient([lab.url]);

    expect(code).toBe(2);
    expect(stderr.endsWith(`<\n| ${shown}\n`)).toBe(true);
  });

  it('may have an endless body', async () => {
    void lab.next(async (peer) => {
      await peer.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\nto be continued'));
      await peer.ended;
    });

    const { code, stderr } = await startClient([lab.url]).exit;

    expect(code).toBe(2);
    expect(stderr).toContain('to be continued');
  });
});

describe('Without a WebSocket server, the client exits with 2 and states the cause', () => {
  it.each([
    [
      'no server listens',
      '30s',
      () => 'ws://127.0.0.1:1/',
      'the connection was refused. Is the server running, and on this port?',
    ],
    ['the response is not HTTP', '30s', () => answering('220 mail.example ESMTP\r\n'), 'the answer is not HTTP.'],
    ['there is no response', '30s', () => answering(''), 'the connection was cut before there was an answer.'],
    [
      'the response has no accept key',
      '30s',
      () => `${lab.url}?accept=missing`,
      'it answered HTTP/1.1 101 Switching Protocols, but: Invalid Sec-WebSocket-Accept header',
    ],
    [
      'the response takes too long',
      '300ms',
      () => `${lab.url}?handshake-delay=never`,
      'no answer within 0.3 s (--connect-timeout).',
    ],
  ])('when %s', async (_, timeout, start, message) => {
    const url = start();

    const { code, stdout, stderr } = await runClient([url, '--connect-timeout', timeout], 'hello\n');

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`Cannot connect to ${url}: ${message}`);
  });

  it('when the host is unknown', async () => {
    expect(await runClient(['ws://host.invalid/'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Cannot connect to ws:\/\/host\.invalid\/: the host name .+\n$/),
    });
  });

  it('when the server selects no subprotocol', async () => {
    const { url } = await startWebSocketServer(echo, { handleProtocols: () => false });

    const { code, stderr } = await runClient([url, '--subprotocol', 'a', '--subprotocol', 'b']);

    expect(code).toBe(2);
    expect(stderr).toContain('but: Server sent no subprotocol (--subprotocol was a, b)');
  });

  it('in an event with --json', async () => {
    const run = await runClient(['ws://127.0.0.1:1/', '--json']);

    expect(eventsOf(run)).toMatchObject([
      { type: 'failed', message: expect.stringContaining('the connection was refused') },
    ]);
  });
});

describe('--connect-to', () => {
  it('connects to another address with the Host of the URL', async () => {
    let host: string | undefined;
    const { port } = await startWebSocketServer((_, { headers }) => ({ host } = headers));

    expect(await runClient(['ws://a.invalid/', '--connect-to', `127.0.0.1:${port}`])).toMatchObject({ code: 0 });
    expect(host).toBe('a.invalid');
  });

  it('is named when no server listens there', async () => {
    expect((await runClient(['ws://a.invalid/', '--connect-to', '127.0.0.1:1'])).stderr).toContain(
      'Cannot connect to ws://a.invalid/ at 127.0.0.1:1: the connection was refused.',
    );
  });
});

describe('A Unix socket', () => {
  it.each([
    ['with a path and a query', 'a.sock', (path: string) => `ws+unix:${path}:/ws?a=b`, '/ws?a=b'],
    ['with the slashes of other URLs', 'a.sock', (path: string) => `ws+unix://${path}:/ws`, '/ws'],
    ['alone', 'a.sock', (path: string) => `ws+unix:${path}`, '/'],
    ['with a space and a colon in its name', 'a b:c.sock', (path: string) => `ws+unix:${path}:/ws:d`, '/ws:d'],
  ])('is a valid address %s', async (_, name, address, url) => {
    const path = join(makeFolder(), name);
    const server = createHttpServer();
    servers.push(server);
    await once(server.listen(path), 'listening');
    new WebSocketServer({ server }).on('connection', (webSocket, request) => {
      webSocket.on('message', () => webSocket.send(`${request.headers.host} ${request.url}`));
    });

    expect(await runClient([address(path)], 'where?\n')).toMatchObject({ code: 0, stdout: `localhost ${url}\n` });
  });

  it('is not reached through the proxy of the environment', async () => {
    const path = join(makeFolder(), 'missing.sock');

    expect(await runClient([`ws+unix:${path}:/ws`], '', { ALL_PROXY: 'http://127.0.0.1:1' })).toMatchObject({
      code: 2,
      stderr: `Cannot connect to ws+unix:${path}:/ws: the Unix socket does not exist. Is the server running?\n`,
    });
  });
});
