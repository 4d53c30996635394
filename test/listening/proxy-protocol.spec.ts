import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ProxyProtocol } from '../../src/listening/proxy-protocol.js';
import { makeFolder } from '../support/folder.js';
import { startHttpsApp, type HttpsApp } from '../support/https-app.js';
import { endRawClients, handshake, RawClient } from '../support/raw-client.js';
import { closeApps } from '../support/start-app.js';

/** A header of version 2: what stands behind the signature. */
function binary(versionAndCommand: number, family: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.from('\r\n\r\n\0\r\nQUIT\n\0\0\0\0', 'latin1');
  head.set([versionAndCommand, family, length >> 8, length & 0xff], 12);
  return Buffer.concat([head, body]);
}

/** Resolves when the server has ended the connection, with a reset or without. */
const gone = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.resume().once('end', resolve).once('close', resolve);
  });

const ipv4 = Buffer.from([192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x67, 0, 80]);
const ipv6 = Buffer.from(`20010db8${'0'.repeat(23)}1${'0'.repeat(31)}112670050`, 'hex');

let debug: jest.SpiedFunction<Logger['debug']>;
beforeEach(() => {
  debug = jest.spyOn(Logger.prototype, 'debug').mockImplementation(() => {});
});
afterEach(() => debug.mockRestore());
afterEach(endRawClients);

describe('The PROXY protocol', () => {
  let server: Server;
  let accepted: Promise<Socket[]>;
  let port: number;
  let proxies: ProxyProtocol;

  /** Takes connections with a header. */
  async function listen(timeout?: number): Promise<void> {
    proxies = new ProxyProtocol(timeout);
    server = createServer({ allowHalfOpen: true });
    accepted = new Promise((resolve) => {
      server.on('connection', (socket) => proxies.readHeader(socket, (ready) => resolve([ready])));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  afterEach(async () => {
    server.close();
    proxies.close();
    await endRawClients();
  });

  const headers: [what: string, header: string | Buffer, peer: [address: string, port: number | undefined]][] = [
    ['1 of IPv4', 'PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n', ['192.0.2.1', 4711]],
    ['1 of IPv6', 'PROXY TCP6 2001:DB8:0::1 ::1 65535 0\r\n', ['2001:db8::1', 65_535]],
    [
      '1 of IPv6, as long as it can be',
      `PROXY TCP6 ${`${'ffff:'.repeat(7)}ffff `.repeat(2)}65535 65535\r\n`,
      ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 65_535],
    ],
    ['1 without addresses', 'PROXY UNKNOWN\r\n', ['127.0.0.1', undefined]],
    ['1 without known addresses', 'PROXY UNKNOWN what ever 1 2\r\n', ['127.0.0.1', undefined]],
    ['1 without addresses, as long as it can be', `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, ['127.0.0.1', undefined]],
    ['2 of IPv4', binary(0x21, 0x11, ipv4), ['192.0.2.1', 4711]],
    [
      '2 of IPv4 with further values',
      binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(500, 1)])),
      ['192.0.2.1', 4711],
    ],
    [
      '2 of IPv4, as long as it can be',
      binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(65_523)])),
      ['192.0.2.1', 4711],
    ],
    ['2 of IPv6', binary(0x21, 0x21, ipv6), ['2001:db8::1', 4711]],
    ['2 of a Unix socket', binary(0x21, 0x31, Buffer.alloc(216)), ['127.0.0.1', undefined]],
    ['2 of an unspecified family', binary(0x21, 0x00, Buffer.alloc(0)), ['127.0.0.1', undefined]],
    ['2 of the proxy itself', binary(0x20, 0x00, Buffer.alloc(0)), ['127.0.0.1', undefined]],
    ['2 of the proxy itself, with addresses', binary(0x20, 0x11, ipv4), ['127.0.0.1', undefined]],
  ];

  describe.each(headers)('with a header of version %s', (_what, header, [address, remotePort]) => {
    it.each([
      ['at once', 1_000_000],
      ['byte by byte', 1],
    ])('that comes %s, gives the connection its peer, and leaves what follows', async (_how, size) => {
      await listen();
      const client = await RawClient.connect(port);
      const bytes = Buffer.concat([Buffer.from(header), Buffer.from('PROXY follows')]);
      // One that is long comes in larger pieces, which takes less time.
      await client.sendInPieces(bytes, size === 1 && bytes.length > 1000 ? 999 : size);

      const [socket] = await accepted;

      expect(socket.remoteAddress).toBe(address);
      expect(socket.remotePort).toBe(remotePort ?? client.socket.localPort);
      const reader = new RawClient(socket);
      expect(String(await reader.readBytes(13))).toBe('PROXY follows');
      await client.send(Buffer.from('more'));
      expect(String(await reader.readBytes(4))).toBe('more');
    });
  });

  it.each<[what: string, header: string | Buffer]>([
    ['a request', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['bytes that control a terminal', '\u009b31m\u001b[31m\r\n\r\n\r\n'],
    ['version 1 in lower case', 'proxy TCP4 192.0.2.1 10.0.0.1 4711 80\r\n'],
    ['version 1 of UDP', 'PROXY UDP4 192.0.2.1 10.0.0.1 4711 80\r\n'],
    ['version 1 with IPv6 as IPv4', 'PROXY TCP4 ::1 ::1 4711 80\r\n'],
    ['version 1 with IPv4 as IPv6', 'PROXY TCP6 192.0.2.1 10.0.0.1 4711 80\r\n'],
    ['version 1 with a bad destination', 'PROXY TCP4 192.0.2.1 10.0.0.256 4711 80\r\n'],
    ['version 1 with a bad port', 'PROXY TCP4 192.0.2.1 10.0.0.1 65536 80\r\n'],
    ['version 1 with a zero before its port', 'PROXY TCP4 192.0.2.1 10.0.0.1 04711 80\r\n'],
    ['version 1 with a second space', 'PROXY TCP4  192.0.2.1 10.0.0.1 4711 80\r\n'],
    ['version 1 without a port', 'PROXY TCP4 192.0.2.1 10.0.0.1 4711\r\n'],
    ['version 1 without a carriage return', 'PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\n'],
    ['version 1 that is too long', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
    ['another version', binary(0x11, 0x11, ipv4)],
    ['version 2 with another command', binary(0x22, 0x11, ipv4)],
    ['version 2 of UDP', binary(0x21, 0x12, ipv4)],
    ['version 2 of another family', binary(0x21, 0x41, ipv4)],
    ['version 2 with addresses that are too short', binary(0x21, 0x11, ipv4.subarray(0, 11))],
    ['version 2 with addresses of IPv6 that are too short', binary(0x21, 0x21, ipv6.subarray(0, 35))],
    ['version 2 with a path that is too short', binary(0x21, 0x31, Buffer.alloc(215))],
  ])('refuses %s', async (_what, header) => {
    await listen();
    const client = await RawClient.connect(port);
    const closed = gone(client.socket);
    client.write(header);

    await closed;

    expect(client.socket.bytesRead).toBe(0);
    expect(debug.mock.calls).toEqual([
      [expect.stringMatching(/^Connection of 127\.0\.0\.1 refused: [ -~]*header[ -~]*$/)],
    ]);
  });

  it.each<[what: string, part: string | Buffer]>([
    ['nothing', ''],
    ['a part of version 1', 'PROXY TCP4 192.0.2.1'],
    ['a part of version 2', binary(0x21, 0x11, ipv4, 13)],
  ])('refuses a client that has sent %s, at its end and when the time is over', async (_what, part) => {
    await listen(50);
    const clients = [await RawClient.connect(port), await RawClient.connect(port)];
    const closed = clients.map((client) => gone(client.socket));
    clients.forEach((client) => client.write(part));
    clients[0].end();

    await expect(Promise.all(closed)).resolves.toHaveLength(2);
    expect(debug.mock.calls.map(([message]) => message as string)).toEqual([
      'Connection of 127.0.0.1 refused: it ended within the header of the PROXY protocol',
      'Connection of 127.0.0.1 refused: no header of the PROXY protocol within 50 ms',
    ]);
  });

  it('ends connections that wait for their header when the application closes', async () => {
    await listen();
    const client = await RawClient.connect(port);
    const closed = gone(client.socket);
    // The next connection is taken after this one.
    (await RawClient.connect(port)).write('PROXY UNKNOWN\r\n');
    await accepted;

    proxies.close();
    await closed;

    expect(client.socket.bytesRead).toBe(0);
  });
});

describe('PROXY_PROTOCOL=true', () => {
  let app: HttpsApp;
  let path: string;

  beforeAll(async () => {
    path = join(makeFolder(), 'server.sock');
    app = await startHttpsApp({
      PROXY_PROTOCOL: 'true',
      LAB: 'true',
      URLS: `http://127.0.0.1:0;https://127.0.0.1:0;http://unix:${path}`,
    });
  });
  afterAll(closeApps);
  /** Connects to an address of the application, and sends a header. */
  async function dial(index: number, header: string): Promise<Socket> {
    const { port } = new URL(app.urls[index] ?? '');
    const socket = index === 2 ? connect(path) : connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(header);
    return socket;
  }

  const header = 'PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n';

  it.each([
    ['http', 0],
    ['https', 1],
    ['a Unix socket', 2],
  ])('gives WebSockets over %s the address that the header tells', async (_what, index) => {
    const socket = await dial(index, header);
    const client = new RawClient(index === 1 ? connectTls({ socket, ca: app.ca, servername: 'localhost' }) : socket);
    client.write(handshake('/lab/request'));
    await client.readResponse();

    expect(JSON.parse(await client.readText())).toMatchObject({ remoteAddress: '192.0.2.1', remotePort: 4711 });
  });

  it('gives requests over HTTP/2 the address that the header tells', async () => {
    const socket = await dial(1, header);
    const tls = connectTls({ socket, ca: app.ca, servername: 'localhost', ALPNProtocols: ['h2'] });
    const session = connectHttp2('https://localhost', { createConnection: () => tls });
    const stream = new RawClient(session.request({ ':path': '/lab/request' }));

    expect(JSON.parse(String(await stream.readToEnd()))).toMatchObject({
      remoteAddress: '192.0.2.1',
      httpVersion: '2',
    });
    session.destroy();
  });

  it.each([0, 1, 2])('refuses a connection without a header, at address %i', async (index) => {
    const socket = await dial(index, handshake('/ws'));

    await gone(socket);

    expect(socket.bytesRead).toBe(0);
  });
});
