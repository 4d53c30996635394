import { jest } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import {
  switchProtocols,
  hasUnsupportedVersion,
  isWebSocketRequest,
  mayLackHeaders,
  refuseUpgrade,
  unsupportedVersion,
} from '../../../../libs/websockets/src/handshake/handshake-request.js';
import { endRawClients, handshakeHeaders, RawClient, SAMPLE_ACCEPT, SAMPLE_KEY } from '../../../support/raw-client.js';

const lowerCase = (headers: object) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** A request as Node.js gives it: names in lower case, what was sent twice joined. */
function request(headers: Record<string, string | undefined> = {}, line: Partial<IncomingMessage> = {}) {
  return {
    method: 'GET',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: { ...lowerCase(handshakeHeaders), ...lowerCase(headers) } as IncomingHttpHeaders,
    ...line,
  } as IncomingMessage;
}

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));
const countTimers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('A request', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['nothing unusual', {}],
    ['an Upgrade in another case', { Upgrade: 'WebSocket' }],
    ['an Upgrade that offers more', { Upgrade: 'websocket, example' }],
    ['an Upgrade that offers something else first', { Upgrade: 'h2c,WEBSOCKET' }],
    ['a Connection in another case', { Connection: 'upgrade' }],
    ['a Connection with more tokens', { Connection: 'keep-alive, Upgrade' }],
    ['a Content-Length of 0', { 'Content-Length': '0' }],
    ['a key of any 16 bytes', { 'Sec-WebSocket-Key': '+/AAAAAAAAAAAAAAAAAAAA==' }],
  ])('with %s asks for a WebSocket', (_what, headers) => {
    expect(isWebSocketRequest(request(headers))).toBe(true);
    expect(hasUnsupportedVersion(request(headers))).toBe(false);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['no Upgrade', { Upgrade: undefined }],
    ['an Upgrade to something else', { Upgrade: 'h2c' }],
    ['an Upgrade to a longer token', { Upgrade: 'websockets' }],
    ['an Upgrade to a part of the token', { Upgrade: 'web socket' }],
    ['no Connection', { Connection: undefined }],
    ['a Connection without the token', { Connection: 'keep-alive' }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['no Host', { Host: undefined }],
    ['a body of a known length', { 'Content-Length': '5' }],
    ['a body in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('with %s asks for none, whatever the version', (_what, headers) => {
    expect(isWebSocketRequest(request(headers))).toBe(false);
    expect(hasUnsupportedVersion(request({ ...headers, 'Sec-WebSocket-Version': '8' }))).toBe(false);
  });

  it.each<[string, Partial<IncomingMessage>]>([
    ['is a POST', { method: 'POST' }],
    ['is a HEAD', { method: 'HEAD' }],
    ['is HTTP/1.0', { httpVersionMinor: 0 }],
  ])('that %s asks for none, whatever the version', (_what, line) => {
    expect(isWebSocketRequest(request({}, line))).toBe(false);
    expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Version': '8' }, line))).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['of 15 bytes', Buffer.alloc(15).toString('base64')],
    ['of 17 bytes', Buffer.alloc(17).toString('base64')],
    ['without padding', SAMPLE_KEY.slice(0, -2)],
    ['with a character that is not base64', 'dGhlIHNhbXBsZSBub25jZ!=='],
    ['in the alphabet for URLs', '-_AAAAAAAAAAAAAAAAAAAA=='],
    ['sent twice', `${SAMPLE_KEY}, ${SAMPLE_KEY}`],
    ['with a line of its own after it', `${SAMPLE_KEY}\n`],
  ])('with a key that is %s asks for none', (_what, key) => {
    expect(isWebSocketRequest(request({ 'Sec-WebSocket-Key': key }))).toBe(false);
    expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Key': key }))).toBe(false);
  });

  it.each([['8'], ['14'], ['013'], ['13.0'], ['13, 8'], ['13, 13'], ['']])(
    'with version %j asks for one that is not spoken here',
    (version) => {
      expect(isWebSocketRequest(request({ 'Sec-WebSocket-Version': version }))).toBe(false);
      expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Version': version }))).toBe(true);
    },
  );

  it('without a version is no handshake at all', () => {
    expect(isWebSocketRequest(request({ 'Sec-WebSocket-Version': undefined }))).toBe(false);
    expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Version': undefined }))).toBe(false);
  });
});

describe('switchProtocols', () => {
  it('answers as the example of RFC 6455 section 1.3', () => {
    const socket = new PassThrough();
    switchProtocols(request(), socket);
    expect(String(socket.read()).split('\r\n')).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}`,
      '',
      '',
    ]);
  });

  it('ignores offers of sub-protocols and extensions', () => {
    const socket = new PassThrough();
    switchProtocols(
      request({ 'Sec-WebSocket-Protocol': 'p1, p2', 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
      socket,
    );
    expect(String(socket.read())).not.toMatch(/protocol:|extensions/i);
  });
});

describe('mayLackHeaders', () => {
  it.each([
    [999, null, false],
    [1000, null, true],
    [1000, undefined, true],
    [99, 100, false],
    [100, 100, true],
    [5000, 0, false],
  ])('tells of %d headers where the server has maxHeadersCount %p: %p', (count, limit, expected) => {
    expect(mayLackHeaders(request({}, { rawHeaders: Array<string>(2 * count).fill('') }), limit)).toBe(expected);
  });
});

describe('refuseUpgrade', () => {
  const refusal = { status: 403, message: 'Nö.', headers: { 'X-Reason': 'none' } };
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

  it('answers as Nest does, with headers, and ends the connection', async () => {
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

  it('is heard by a client that still sends', async () => {
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

  it('leaves no timer behind when the client goes away', async () => {
    const [socket, client] = await Promise.all([connected(), RawClient.connect(port)]);
    const timers = countTimers();
    refuseUpgrade(socket, refusal);
    expect(countTimers()).toBe(timers + 1);
    client.reset();
    await closed(socket);
    expect(countTimers()).toBe(timers);
  });

  it('tells which version is spoken', () => {
    expect(unsupportedVersion(request({ 'Sec-WebSocket-Version': '8' }))).toEqual({
      status: 426,
      message: 'Sec-WebSocket-Version is "8"; 13 is spoken here.',
      headers: { 'Sec-WebSocket-Version': '13', Upgrade: 'websocket', Connection: 'close, Upgrade' },
    });
  });
});
