import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { TakenOverHandshake, WebSocketManager } from 'nest-raw-websockets';
import { Lab } from '../../src/lab/lab.js';
import { jest } from '@jest/globals';
import { exampleQuery } from '../../src/lab/lab-page.js';
import { FRAME_FAULTS } from '../../src/lab/script/frame-faults.js';
import { labParameter, LAB_PARAMETER_NAMES } from '../../src/lab/script/parameters.js';
import { close, text } from '../libs/websockets/protocol/client-frame.js';
import { connectHeaders, endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp, type HttpsApp } from '../support/https-app.js';
import { endRawClients, handshake, RawClient, type Headers, type RawResponse } from '../support/raw-client.js';
import { closeApps, startApp } from '../support/start-app.js';
import { until } from '../support/until.js';

let port: number;
let url: string;

beforeAll(async () => {
  ({ url } = await startApp({ LAB: 'true', LAB_MAX_TIME: '1m', LAB_MAX_BYTES: '1GiB' }));
  port = Number(new URL(url).port);
});
afterEach(endRawClients);
afterEach(endHttp2Clients);
afterAll(closeApps);
async function ask(path: string, headers: Headers = {}): Promise<{ client: RawClient; response: RawResponse }> {
  const client = (await RawClient.connect(port)).write(handshake(path, headers));
  return { client, response: await client.readResponse() };
}

describe('/lab', () => {
  it('echoes when the query is empty', async () => {
    const client = await RawClient.open(port, '/lab');

    client.write(text('hello'));
    expect(await client.readText()).toBe('hello');
    client.write(close(1000, 'bye'));
    expect(await client.readClose()).toEqual({ status: 1000, reason: 'bye' });
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('obeys the query', async () => {
    const client = await RawClient.open(port, '/lab?after-messages=1&close=4123&reason=bye');

    client.write(text('1'));
    expect(await client.readText()).toBe('1');
    expect(await client.readClose()).toEqual({ status: 4123, reason: 'bye' });
  });

  it('answers a wrong query with 400, which names every parameter at fault', async () => {
    const { response } = await ask('/lab?close=x&reasn=bye');

    expect(response.status).toBe(400);
    const { message } = JSON.parse(response.body) as { message: string };
    expect(message).toContain('close is "x"; accepted: empty, or');
    expect(message).toContain('"reasn" is not a parameter; accepted: handshake-delay, ');
  });

  it('sets cookies, and reports those of the next connection', async () => {
    const { response } = await ask('/lab?cookie=visit=1');
    expect(response.headers['set-cookie']).toBe('visit=1; Path=/lab; Max-Age=300; HttpOnly; SameSite=Lax');

    const { client } = await ask('/lab/request?a=1', { Cookie: 'visit=1', 'Sec-WebSocket-Protocol': 'a, b' });
    expect(JSON.parse(await client.readText())).toMatchObject({
      path: '/lab/request',
      query: { a: '1' },
      cookies: { visit: '1' },
      httpVersion: '1.1',
      requestedProtocols: ['a', 'b'],
      negotiated: { subprotocol: 'a' },
    });
  });

  it('tells a request and a handshake the address that a trusted proxy reports', async () => {
    const app = await startApp({ LAB: 'true', TRUST_PROXY: '1' });
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    const response = await fetch(`${app.url}/lab/request`, { headers });
    await expect(response.json()).resolves.toMatchObject({ remoteAddress: '192.0.2.1' });

    const client = await RawClient.connect(Number(new URL(app.url).port));
    await client.upgrade('/lab/request', headers);
    expect(JSON.parse(await client.readText())).toMatchObject({ remoteAddress: '192.0.2.1' });
  });

  it.each(['/lab/request', '/lab?tell=request', '/WebSocket/EchoWebSocketHeaders.ashx'])(
    'does not report cookies to a page of another origin at %s',
    async (path) => {
      const { client } = await ask(path, { Cookie: 'id=secret', Origin: 'https://evil.example' });
      const told = await client.readText();

      expect(told).toContain('https://evil.example');
      expect(told).not.toContain('secret');
    },
  );

  it('reports the number of connections', async () => {
    await RawClient.open(port, '/lab');
    const { connections } = (await (await fetch(`${url}/lab/connections`)).json()) as { connections: number };

    expect(connections).toBeGreaterThan(0);
  });

  it('reports how a client closed', async () => {
    const client = await RawClient.open(port, '/lab?id=mine');
    client.write(close(4001, 'enough'));
    await client.readClose();

    const response = await fetch(`${url}/lab/closes/mine`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.json()).toMatchObject({ by: 'close-frame', code: 4001, reason: 'enough' });
    expect((await fetch(`${url}/lab/closes/unknown`)).status).toBe(404);
  });

  it.each(['EchoWebSocket.ashx', 'EchoWebSocketHeaders.ashx'])(
    "obeys the commands of .NET's test server at /WebSocket/%s",
    async (name) => {
      const client = await RawClient.open(port, `/WebSocket/${name}`);
      if (name.includes('Headers')) {
        expect(await client.readText()).toContain('host:localhost\r\n');
      }

      client.write(text('.receiveMessageAfterClose'));
      expect(await client.readText()).toMatch(/^\.receiveMessageAfterClose \d\d:\d\d:\d\d$/);
      expect(await client.readClose()).toEqual({ status: 1000, reason: '.receiveMessageAfterClose' });
    },
  );

  it.each([
    ['replyWithPartialMessages', text('part'), '010470617274'],
    [
      'replyWithEnhancedCloseMessage',
      close(1000, 'bye'),
      Buffer.from('\x88\x1b\x03\xe8Server received: 1000 bye', 'latin1').toString('hex'),
    ],
    ['', text('x'.repeat(129 * 1024)), '88'],
  ])("varies as .NET's test server does with ?%s", async (query, frame, hex) => {
    const client = await RawClient.open(port, `/WebSocket/EchoWebSocket.ashx?${query}`);
    client.write(frame);

    expect((await client.readBytes(hex.length / 2)).toString('hex')).toBe(hex);
  });

  it('is a page to any other request, under the policy of the page', async () => {
    const response = await fetch(`${url}/lab`, { headers: { Host: '"><script>' } });
    const body = await response.text();

    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const name of [...LAB_PARAMETER_NAMES, ...Object.keys(FRAME_FAULTS)]) {
      expect(body).toContain(`<code>${name}</code>`);
    }
    expect(body).not.toContain('"><script>');
  });

  it('has every parameter in the OpenAPI document', async () => {
    const { paths } = (await (await fetch(`${url}/swagger-json`)).json()) as {
      paths: Record<string, { get: { parameters: { name: string; description: string }[] } }>;
    };

    expect(paths['/lab'].get.parameters.map(({ name }) => name)).toEqual(LAB_PARAMETER_NAMES);
    expect(paths['/lab'].get.parameters[0].description).toContain(labParameter('handshake-delay').accepted);
  });
});

describe('/lab over HTTP/2', () => {
  let https: HttpsApp;
  beforeAll(async () => {
    https = await startHttpsApp({ LAB: 'true' });
  });

  function connect(): Promise<Http2Client> {
    return Http2Client.connect(https.url, https.ca);
  }

  const refusing = ['handshake-delay', 'rst-stream', 'goaway', 'informational', 'end', 'abort'];
  const opening = LAB_PARAMETER_NAMES.filter((name) => !refusing.includes(name));

  it.each(opening)('supports %s, or answers 400 with the reason', async (name) => {
    const { only, needs } = labParameter(name);
    const exchange = await (await connect()).connect(`/lab?${exampleQuery(name)}`);

    if (only !== undefined) {
      expect(exchange.status).toBe(400);
      expect(await exchange.readBody()).toContain(`${name} is not possible over HTTP/2: ${only[1]}`);
    } else {
      const isRefusal = [name, ...(needs ?? [])].some((one) => ['status', 'www-authenticate'].includes(one));
      expect(exchange.status === 200).toBe(!isRefusal);
    }
  });

  it('sends frames that break the protocol, and closes', async () => {
    const exchange = await (await connect()).open('/lab?fault=rsv1&count=1&size=3&close=4123');

    expect((await exchange.readBytes(6)).toString('hex')).toBe('c10472737631');
    expect(await exchange.readText()).toBe('ABC');
    expect(await exchange.readClose()).toEqual({ status: 4123, reason: '' });
  });

  it('echoes, and answers the close of the client', async () => {
    const exchange = await (await connect()).open('/lab?id=http2');
    exchange.write(text('hello')).write(close(4001));

    expect(await exchange.readText()).toBe('hello');
    expect(await exchange.readClose()).toEqual({ status: 4001, reason: '' });
  });

  it('tells the request as received', async () => {
    const exchange = await (await connect()).open('/lab?tell=request');

    expect(JSON.parse(await exchange.readText())).toMatchObject({ method: 'CONNECT', path: '/lab', httpVersion: '2' });
  });

  it('delays its answer', async () => {
    expect((await (await connect()).open('/lab?handshake-delay=20ms')).status).toBe(200);
  });

  it('refuses with a status', async () => {
    const exchange = await (await connect()).connect('/lab?status=429&body=slow&retry-after=7');

    expect(exchange.head).toMatchObject({ ':status': 429, 'retry-after': '7', 'x-content-type-options': 'nosniff' });
    expect(await exchange.readBody()).toBe('slow');
  });

  it('sends an informational response before the answer', async () => {
    const client = await connect();
    const stream = client.session.request({ ...connectHeaders, ':path': '/lab?informational=103' });
    const heads = (await Promise.all([once(stream, 'headers'), once(stream, 'response')])) as [object][];

    expect(heads.map(([head]) => head)).toMatchObject([{ ':status': 103 }, { ':status': 200 }]);
  });

  it.each([
    ['abort=20ms', constants.NGHTTP2_CANCEL],
    ['rst-stream=7', constants.NGHTTP2_REFUSED_STREAM],
  ])('resets the stream with ?%s', async (query, code) => {
    const client = await connect();
    const stream = client.session.request({ ...connectHeaders, ':path': `/lab?${query}` });
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('close', resolve));

    expect(stream.rstCode).toBe(code);
  });

  it('ends the stream', async () => {
    expect(await (await (await connect()).open('/lab?end=0')).readToEnd()).toHaveLength(0);
  });

  it('refuses with GOAWAY, which leaves other streams of the connection alone', async () => {
    const client = await connect();
    const other = await client.open('/lab');
    const goaway = once(client.session, 'goaway');
    client.connect('/lab?goaway=0').catch(() => {});

    expect(await goaway).toMatchObject([0, 1]);
    other.write(text('still here'));
    expect(await other.readText()).toBe('still here');
  });
});

describe('The lab', () => {
  const reply = { header: () => reply } as unknown as FastifyReply;
  const options = { loopbackOnly: false, maxConnections: 1, maxTime: 60_000, maxBytes: 1024, pageHeaders: {} };

  /** A handshake that is taken over when the test says so. */
  function handshakeToTakeOver(): { manager: WebSocketManager; stream: Duplex; takeOver: () => void } {
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    let takeOver = (): void => {};
    const takenOver = new Promise<TakenOverHandshake>((resolve) => {
      const request = { url: '/lab', headers: {}, rawHeaders: [], socket: {} } as unknown as IncomingMessage;
      takeOver = () => resolve({ request, httpVersion: '1.1', remoteAddress: '127.0.0.1', stream });
    });
    return { manager: { takeOver: () => takenOver } as unknown as WebSocketManager, stream, takeOver };
  }

  it('counts a handshake towards LAB_MAX_CONNECTIONS before it is taken over', async () => {
    const lab = new Lab(options);
    const [first, second] = [handshakeToTakeOver(), handshakeToTakeOver()];
    const opened = lab.follow(first.manager, reply, {});

    await expect(lab.follow(second.manager, reply, {})).rejects.toThrow(
      'LAB_MAX_CONNECTIONS is 1, and the lab has that many connections.',
    );

    first.takeOver();
    await opened;
    first.stream.destroy();
    await once(first.stream, 'close');
    second.takeOver();
    await lab.follow(second.manager, reply, {});
    lab.onModuleDestroy();
  });

  it('gives the place of a handshake back that cannot be taken over', async () => {
    const lab = new Lab(options);
    const gone = { takeOver: () => Promise.reject(new Error('gone')) } as unknown as WebSocketManager;
    const next = handshakeToTakeOver();
    next.takeOver();

    await expect(lab.follow(gone, reply, {})).rejects.toThrow('gone');
    await lab.follow(next.manager, reply, {});
    lab.onModuleDestroy();
  });

  it('does not make the shutdown wait for a connection that does not end', async () => {
    const lab = new Lab(options);
    const { manager, stream, takeOver } = handshakeToTakeOver();
    takeOver();
    await lab.follow(manager, reply, {});
    const destroy = jest.spyOn(stream, '_destroy').mockImplementation(() => {});

    // The hooks of Nest are awaited.
    await Promise.resolve(lab.onModuleDestroy());
    expect(stream).toMatchObject({ destroyed: true, closed: false });
    destroy.mock.calls[0][1]();
  });

  it('resets a connection that was taken over after the shutdown began', async () => {
    const lab = new Lab(options);
    const { manager, stream, takeOver } = handshakeToTakeOver();
    const opened = lab.follow(manager, reply, {});
    lab.onModuleDestroy();

    takeOver();
    await opened;
    expect(stream.destroyed).toBe(true);
  });
});

describe('The limits of /lab', () => {
  it('apply to its connections, and release the places of closed ones', async () => {
    const app = await startApp({ LAB: 'true', LAB_MAX_CONNECTIONS: '1' });
    const appPort = Number(new URL(app.url).port);
    const first = await RawClient.open(appPort, '/lab');
    const second = (await RawClient.connect(appPort)).write(handshake('/lab'));
    expect(await second.readResponse()).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });

    first.write(close(1000));
    await first.readClose();
    first.end();
    await first.readToEnd();
    // The server notices a little later.
    await until(async () => {
      const next = (await RawClient.connect(appPort)).write(handshake('/lab'));
      return (await next.readResponse()).status === 101;
    });
  });

  it.each([
    ['that lasts too long', '/lab', { LAB_MAX_TIME: '300ms' }],
    ['that is never answered', '/lab?handshake-delay=never', { LAB_MAX_TIME: '300ms' }],
    ['that is sent too much', '/lab?count=1000&size=1', { LAB_MAX_BYTES: '1KiB' }],
    ['whose pings are too much', '/lab?ping-every=1ms&ping-size=125', { LAB_MAX_BYTES: '1KiB' }],
  ])('end a connection %s', async (_, path, limits) => {
    const app = await startApp({ LAB: 'true', ...(limits as Record<string, string>) });
    const client = await RawClient.connect(Number(new URL(app.url).port));
    client.write(handshake(path));

    await expect(client.readToEnd()).rejects.toThrow('ECONNRESET');
  });

  it('do not let large messages hold up other connections', async () => {
    const busy = await Promise.all(
      ['count=1000000&size=1&digest=true', 'count=1&size=1GiB&digest=true', 'count=1000000&fragment=1&size=100'].map(
        (query) => RawClient.open(port, `/lab?${query}`),
      ),
    );
    busy.forEach(({ socket }) => socket.resume());
    const other = await RawClient.open(port, '/ws');
    for (let i = 0; i < 20; i++) {
      other.write(text('hello'));
      expect(await other.readText()).toBe('hello');
    }
    expect(busy.map(({ socket }) => socket.readableEnded)).toEqual([false, false, false]);
  });

  it('do not let a connection hold up the shutdown', async () => {
    const app = await startApp({ LAB: 'true' });
    const client = await RawClient.open(Number(new URL(app.url).port), '/lab?close-reply=never&keep-open=true');

    await app.close();

    await expect(client.readBytes(1)).rejects.toThrow('ended');
  });
});

describe('Without LAB', () => {
  it('does not serve /lab', async () => {
    const app = await startApp();

    expect((await fetch(`${app.url}/lab`)).status).toBe(404);
    expect((await fetch(`${app.url}/WebSocket/EchoWebSocket.ashx`)).status).toBe(404);
  });
});
