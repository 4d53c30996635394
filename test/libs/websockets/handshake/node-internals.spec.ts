import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import {
  completeHttp2Response,
  completeUnsent,
  connectionEventOf,
  createResponse,
  leaveBodiesOfUpgrades,
  releaseSocket,
  responseOn,
} from '../../../../libs/websockets/src/handshake/node-internals.js';
import { endRawClients, RawClient, requestHead } from '../../../support/raw-client.js';

const upgradeHeaders = { Host: 'x', Connection: 'Upgrade', Upgrade: 'y' };

describe('Over HTTP/1.1', () => {
  let server: Server;
  let client: RawClient;

  beforeEach(async () => {
    server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = await RawClient.connect((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await endRawClients();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends an upgrade request, and resolves with the arguments of its listener. */
  async function upgradeWith(bytes: string): Promise<[IncomingMessage, Socket, Buffer]> {
    const upgraded = once(server, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>;
    client.write(bytes);
    const [request, socket, head] = await upgraded;
    return [request, socket.on('error', () => {}), head];
  }

  it.each([
    ['a body', { 'Content-Length': '4' }, 'body'],
    ['a part of a body', { 'Content-Length': '4' }, 'bo'],
    ['no body yet', { 'Content-Length': '4' }, ''],
    ['chunks', { 'Transfer-Encoding': 'chunked' }, '4\r\nbody\r\n0\r\n\r\n'],
    ['no body', {}, ''],
  ])(
    'leaveBodiesOfUpgrades passes on an upgrade request with %s together with its socket and all bytes',
    async (_what, headers, body) => {
      server.on('connection', leaveBodiesOfUpgrades);
      client = await RawClient.connect((server.address() as AddressInfo).port);
      const connected = requestHead('POST / HTTP/1.1', { ...upgradeHeaders, ...headers });
      const [request, socket, head] = await upgradeWith(connected + body);
      expect(socket).toBe(request.socket);
      expect(head.toString()).toBe(body);
      socket.destroy();
    },
  );

  it('leaveBodiesOfUpgrades does not affect ordinary requests', async () => {
    server.on('connection', leaveBodiesOfUpgrades);
    server.on('request', (_request, response: ServerResponse) => response.end('body'));
    client = await RawClient.connect((server.address() as AddressInfo).port);
    client.write(requestHead('POST / HTTP/1.1', { Host: 'x', 'Content-Length': '1' }) + 'x');
    client.write(requestHead('GET / HTTP/1.1', { Host: 'x' }));
    expect((await client.readResponse()).body).toBe('body');
    expect((await client.readResponse()).body).toBe('body');
  });

  it('responseOn returns the current response until it has ended', async () => {
    const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    client.write(requestHead('GET / HTTP/1.1', { Host: 'x' }));
    const [{ socket }, response] = await requested;
    expect(responseOn(socket)).toBe(response);
    const closed = once(response, 'close');
    response.end();
    await closed;
    expect(responseOn(socket)).toBeUndefined();
  });

  it('createResponse answers on the socket of an upgrade, and releaseSocket keeps the socket open', async () => {
    const [request, socket] = await upgradeWith(requestHead('GET / HTTP/1.1', upgradeHeaders));
    const response = createResponse(request, socket);
    const finished = once(response, 'finish');
    response.end('answer');
    await finished;
    expect(await client.readResponse()).toMatchObject({
      status: 200,
      body: 'answer',
      headers: { connection: 'close' },
    });
    expect(releaseSocket(response, socket)).toBe(true);
    expect(releaseSocket(response, socket)).toBe(false);
    expect(socket.writable).toBe(true);
    socket.destroy();
  });

  it('completeUnsent completes a response without sending it', async () => {
    const [request, socket] = await upgradeWith(requestHead('GET / HTTP/1.1', upgradeHeaders));
    const response = createResponse(request, socket);
    const finished = once(response, 'finish');
    completeUnsent(response, socket, 101);
    await finished;
    expect(response).toMatchObject({ statusCode: 101, headersSent: true, writableEnded: true });
    expect(responseOn(socket)).toBeUndefined();
    socket.end('all');
    expect((await client.readToEnd()).toString()).toBe('all');
  });
});

it.each([
  ['HTTP', createServer(), 'connection'],
  ['HTTPS', createHttpsServer() as Server, 'secureConnection'],
] as const)(
  'connectionEventOf returns for an %s server the event whose sockets the server parses',
  (_name, server, event) => {
    expect(connectionEventOf(server)).toBe(event);
    expect(server.listenerCount(event)).toBeGreaterThan(0);
  },
);

it('completeHttp2Response completes a response whose stream stays open', async () => {
  const server = createHttp2Server(() => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const requested = once(server, 'request') as Promise<[unknown, Http2ServerResponse]>;
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ':method': 'POST' }, { endStream: false });
  const [, response] = await requested;
  const serverStream: ServerHttp2Stream = response.stream;
  serverStream.respond({ ':status': 200 });
  const ended = Promise.all([once(response, 'finish'), once(response, 'close')]);
  completeHttp2Response(response);
  await ended;
  expect(response).toMatchObject({ writableEnded: true, finished: true, headersSent: true });
  serverStream.end('still open');
  const [bytes] = (await once(stream, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('still open');
  const closed = once(session, 'close');
  session.destroy();
  await closed;
  server.close();
});
