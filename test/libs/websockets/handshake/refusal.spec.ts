import { jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttp2Server, type Http2ServerResponse } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  refuseConnect,
  refuseUpgrade,
  unsupportedVersion,
  type Refusal,
} from '../../../../libs/websockets/src/handshake/refusal.js';
import { endHttp2Clients, Http2Client } from '../../../support/http2-client.js';
import { endRawClients, RawClient } from '../../../support/raw-client.js';

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));
const countTimers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('refuseUpgrade', () => {
  const refusal: Refusal = { status: 403, reason: 'guard', message: 'Nö.', headers: { 'X-Reason': 'none' } };
  let server: Server;
  let port: number;
  const connected = async (): Promise<Socket> => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    return socket.on('error', () => {});
  };

  beforeEach(async () => {
    // As the HTTP server creates its own.
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });

  afterEach(async () => {
    await endRawClients();
    await new Promise((resolve) => server.close(resolve));
  });

  it('answers like Nest, with headers, and ends the connection', async () => {
    const [socket, client] = await Promise.all([connected(), RawClient.connect(port)]);
    refuseUpgrade(socket, refusal);
    const answer = await client.readResponse();
    expect(answer).toMatchObject({
      status: 403,
      headers: { connection: 'close', 'x-reason': 'none', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(JSON.parse(answer.body)).toEqual({ statusCode: 403, message: 'Nö.', error: 'Forbidden' });
    expect(await client.readToEnd()).toHaveLength(0);
    client.socket.end();
    await closed(socket);
  });

  it('reaches a client that is still sending', async () => {
    const [socket, client] = await Promise.all([connected(), RawClient.connect(port)]);
    client.socket.end(Buffer.alloc(4 * 1024 * 1024));
    refuseUpgrade(socket, refusal);
    await closed(socket);
    expect((await client.readResponse()).status).toBe(403);
    expect(client.socket.errored).toBeNull();
  });

  it('cuts a client that does not end its half within a second', async () => {
    const [socket, client] = await Promise.all([connected(), RawClient.connect(port)]);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    refuseUpgrade(socket, refusal);
    jest.advanceTimersByTime(999);
    expect(socket.destroyed).toBe(false);
    expect((await client.readResponse()).status).toBe(403);
    jest.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
    jest.useRealTimers();
  });

  it('clears its timer when the client disconnects', async () => {
    const [socket, client] = await Promise.all([connected(), RawClient.connect(port)]);
    const timers = countTimers();
    refuseUpgrade(socket, refusal);
    expect(countTimers()).toBe(timers + 1);
    client.reset();
    await closed(socket);
    expect(countTimers()).toBe(timers);
  });
});

describe('refuseConnect', () => {
  it('answers like Nest, and leaves the connection open', async () => {
    const http2 = createHttp2Server({ settings: { enableConnectProtocol: true } }, () => {});
    http2.on('connect', (_request, response: Http2ServerResponse) =>
      refuseConnect(response, { status: 503, reason: 'limit', message: 'Nö.', headers: { 'Retry-After': '5' } }),
    );
    await once(http2.listen(0, '127.0.0.1'), 'listening');
    const client = await Http2Client.connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
    for (let i = 0; i < 2; i++) {
      const exchange = await client.connect('/');
      expect(exchange.head).toMatchObject({
        ':status': 503,
        'retry-after': '5',
        'content-type': 'application/json; charset=utf-8',
      });
      expect(JSON.parse(await exchange.readBody())).toEqual({
        statusCode: 503,
        message: 'Nö.',
        error: 'Service Unavailable',
      });
    }
    await endHttp2Clients();
    http2.close();
  });
});

describe('unsupportedVersion', () => {
  it.each([
    [1, 426, { 'Sec-WebSocket-Version': '13', Upgrade: 'websocket', Connection: 'close, Upgrade' }],
    [2, 400, { 'Sec-WebSocket-Version': '13' }],
  ])('names the supported version over HTTP/%d with %d', (httpVersionMajor, status, headers) => {
    expect(unsupportedVersion({ httpVersionMajor, headers: { 'sec-websocket-version': '8' } })).toEqual({
      status,
      reason: 'version',
      message: 'Sec-WebSocket-Version is "8"; this server speaks 13.',
      headers,
    });
  });
});
