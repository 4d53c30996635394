import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { parseServerEvent } from '../../client/page/server-view/server-event.js';
import { MAX_WATCHES } from '../../src/diagnostics/watches.js';
import { close, ping, text } from '../libs/websockets/protocol/client-frame.js';
import { makeCertificateFiles } from '../support/certificate.js';
import { endEventSources, EventSource } from '../support/event-source.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { endRawClients, handshake, RawClient } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';
import { until } from '../support/until.js';

let ids = 0;
const newId = (): string => (0xabc00 + ++ids).toString(16).padStart(32, '0');

/** The id that a test watches, and another one. */
let id: string;
let otherId: string;

beforeEach(() => {
  [id, otherId] = [newId(), newId()];
});

const portOf = ({ url }: RunningApp): number => Number(new URL(url).port);

const watch = ({ url }: RunningApp, watched = id): Promise<EventSource> =>
  EventSource.open(`${url}/diagnostics/${watched}`);

afterEach(async () => {
  endEventSources();
  await endRawClients();
  await endHttp2Clients();
});
afterAll(closeApps);
describe('/diagnostics/:id', () => {
  /** The application without options. */
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp();
  });

  it('tells the handshake as it arrived, without secrets, then frames, pings and the close', async () => {
    const app = await startApp({ COMPRESSION: 'true' });
    const source = await watch(app);
    expect(source.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const client = await RawClient.connect(portOf(app));
    await client.upgrade(`/ws?x=1&diagnostics=${id.toUpperCase()}`, {
      'x-Own': 'Value',
      Cookie: 'a=secret',
      authorization: 'Basic secret',
      'Proxy-Authorization': 'secret',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_no_context_takeover',
    });
    client.write(Buffer.concat([text('Hello'), ping('?'), close(4000, 'enough')]));
    await source.ended();

    const [[, request], ...others] = source.events.map(({ event, data }) => [event, data] as const);
    expect(request).toEqual({
      at: expect.any(Number),
      line: `GET /ws?x=1&diagnostics=${id.toUpperCase()} HTTP/1.1`,
      headers: [
        ['Host', 'localhost'],
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Version', '13'],
        ['Sec-WebSocket-Key', expect.any(String)],
        ['x-Own', 'Value'],
        ['Cookie', '(redacted)'],
        ['authorization', '(redacted)'],
        ['Proxy-Authorization', '(redacted)'],
        ['Sec-WebSocket-Extensions', 'permessage-deflate; client_no_context_takeover'],
      ],
      httpVersion: '1.1',
      addresses: ['127.0.0.1'],
      extensions: expect.stringContaining('permessage-deflate'),
      status: 101,
    });
    const at = expect.any(Number);
    const length = expect.any(Number);
    expect(others.filter(([kind, { from }]) => kind === 'frame' && from === 'client')).toEqual([
      ['frame', { at, from: 'client', opcode: 1, fin: true, rsv1: false, masked: true, length: 5 }],
      ['frame', { at, from: 'client', opcode: 9, fin: true, rsv1: false, masked: true, length: 1 }],
      ['frame', { at, from: 'client', opcode: 8, fin: true, rsv1: false, masked: true, length: 8 }],
    ]);
    expect(others).toContainEqual(['ping', { at, from: 'client', length: 1 }]);
    expect(others).toContainEqual(['pong', { at, from: 'server', length: 1 }]);
    expect(others).toContainEqual([
      'frame',
      { at, from: 'server', opcode: 1, fin: true, rsv1: true, masked: false, length },
    ]);
    expect(others.at(-1)).toEqual(['close', { at, by: 'peer', status: 4000, description: 'enough' }]);
    // The page reads each of them.
    for (const { event, data } of source.events) {
      expect(parseServerEvent(event as 'frame', JSON.stringify(data))).toMatchObject({ kind: event });
    }
  });

  it('tells the round trip of a ping of the server', async () => {
    const app = await startApp({ KEEP_ALIVE_INTERVAL: '50ms' });
    const source = await watch(app);
    const client = new WebSocket(`${app.webSocketUrl}?diagnostics=${id}`);
    expect(await source.event('ping')).toMatchObject({ from: 'server', length: 8 });
    expect(await source.event('pong')).toMatchObject({ from: 'client', roundTrip: expect.any(Number) });
    client.terminate();
    expect(await source.event('close')).toMatchObject({ by: 'transport', status: 1006 });
  });

  it('tells that reading pauses while the client takes nothing, and that it goes on', async () => {
    const source = await watch(running);
    const client = await RawClient.open(portOf(running), `/ws?diagnostics=${id}`);
    client.socket.pause();
    // More than the buffers of both ends and of the system hold.
    client.write(text(Buffer.alloc(32 * 1024 * 1024)));
    expect(await source.event('pause')).toMatchObject({ bufferedAmount: expect.any(Number) });
    client.socket.resume();
    expect(await source.event('resume')).toMatchObject({ duration: expect.any(Number) });
  });

  it('tells of a WebSocket over HTTP/2, on the same connection', async () => {
    const files = await makeCertificateFiles();
    const app = await startApp({
      URLS: 'https://127.0.0.1:0',
      TLS_CERT: files.cert,
      TLS_KEY: files.key,
      HTTP2: 'true',
    });
    const client = await Http2Client.connect(app.url, await readFile(files.cert, 'utf8'));
    const events = await client.request({ ':path': `/diagnostics/${id}` });
    expect(events.status).toBe(200);
    const webSocket = await client.connect(`/ws?diagnostics=${id}`);
    webSocket.write(close(1000));
    const body = await events.readBody();
    const request = JSON.parse(/^event: request\ndata: (.*)$/m.exec(body)?.[1] ?? '') as object;
    expect(request).toMatchObject({
      line: `CONNECT /ws?diagnostics=${id} HTTP/2`,
      httpVersion: '2',
      tlsVersion: 'TLSv1.3',
      status: 200,
    });
    expect(body).toContain('event: close\n');
  });

  it('tells why a handshake was refused', async () => {
    const app = await startApp({ ALLOWED_ORIGINS: 'https://client.com' });
    const source = await watch(app);
    const client = await RawClient.connect(portOf(app));
    client.write(handshake(`/ws?diagnostics=${id}`, { Origin: 'https://evil.com' }));
    await client.readResponse();
    expect(await source.event('request')).toMatchObject({
      status: 403,
      message: 'The origin is refused by the option allowedOrigins.',
      extensions: '',
    });
    await source.ended();
  });

  it('starts anew with the id of a WebSocket that has ended, even if the client has not read the end', async () => {
    const app = await startApp({ ALLOWED_ORIGINS: 'https://client.com' });
    const unread = get(`${app.url}/diagnostics/${id}`);
    ((await once(unread, 'response')) as [IncomingMessage])[0].pause();
    const refused = await RawClient.connect(portOf(app));
    refused.write(handshake(`/ws?diagnostics=${id}`, { Origin: 'https://evil.com' }));
    await refused.readResponse();

    const source = await watch(app);
    await RawClient.open(portOf(app), `/ws?diagnostics=${id}`);

    expect(await source.event('request')).toMatchObject({ status: 101 });
    unread.destroy();
  });

  it('tells neither of a WebSocket with another id or none, nor of a second one with the same', async () => {
    const [source, other] = [await watch(running), await watch(running, otherId)];
    await RawClient.open(portOf(running), '/ws');
    await RawClient.open(portOf(running), `/ws?diagnostics=${id}`);
    const second = await RawClient.open(portOf(running), `/ws?diagnostics=${id}`);
    second.write(text('second'));
    await second.readFrame();
    await source.event('request');
    expect(source.events).toHaveLength(1);
    expect(other.events).toEqual([]);
  });

  it('goes on with the latest stream of an id', async () => {
    const first = await watch(running);
    const client = await RawClient.open(portOf(running), `/ws?diagnostics=${id}`);
    await first.event('request');
    const second = await watch(running);
    await first.ended();
    client.write(text('after'));
    expect(await second.event('frame')).toMatchObject({ from: 'client', length: 5 });
  });

  it.each(['x', '0123', '0'.repeat(33), 'g'.repeat(32)])('answers the id %s with 400', async (wrong) => {
    const response = await fetch(`${running.url}/diagnostics/${wrong}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('32 hexadecimal digits') });
  });

  it('answers 503 when too many are watched, until one leaves', async () => {
    const app = await startApp();
    const all = Array.from({ length: MAX_WATCHES }, (_, i) => i.toString(16).padStart(32, '0'));
    const sources = await Promise.all(all.map((one) => watch(app, one)));
    expect((await watch(app)).response.statusCode).toBe(503);
    sources[0].response.destroy();
    // The server notices a little later.
    await until(async () => (await watch(app)).response.statusCode === 200);
  });

  it('is not there with DIAGNOSTICS=false', async () => {
    const app = await startApp({ DIAGNOSTICS: 'false' });
    expect((await watch(app)).response.statusCode).toBe(404);
  });

  it('does not hold up a shutdown: its streams end with their WebSockets, or at once', async () => {
    const app = await startApp({
      SHUTDOWN_TIMEOUT: '10m',
      CLOSE_TIMEOUT: '10m',
      ALLOWED_ORIGINS: 'https://client.com',
    });
    const [source, idle] = [await watch(app), await watch(app, otherId)];
    await watch(app, 'b'.repeat(32));
    const refused = await RawClient.connect(portOf(app));
    refused.write(handshake(`/ws?diagnostics=${'b'.repeat(32)}`, { Origin: 'https://evil.com' }));
    await refused.readResponse();
    const unread = get(`${app.url}/diagnostics/${'a'.repeat(32)}`);
    await once(unread, 'response').then(([response]) => (response as IncomingMessage).pause());
    const client = new WebSocket(`${app.webSocketUrl}?diagnostics=${id}`);
    await once(client, 'open');
    await app.close();
    await Promise.all([source.ended(), idle.ended()]);
    expect(source.events.at(-1)).toEqual({
      event: 'close',
      data: { at: expect.any(Number), by: 'server', status: 1001, description: 'Server shutting down' },
    });
    expect(idle.events).toEqual([]);
    unread.destroy();
  });
});
