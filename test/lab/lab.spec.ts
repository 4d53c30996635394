import { once } from 'node:events';
import { endRawClients, handshake, RawClient, type Headers, type RawResponse } from '../support/raw-client.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { removeFolders, startHttpsApp } from '../support/https-app.js';
import { closeApps, startApp } from '../support/start-app.js';
import { binary, close, text } from '../libs/websockets/protocol/client-frame.js';
import { labParameter, LAB_PARAMETER_NAMES } from '../../src/lab/parameters.js';

let port: number;
let url: string;

beforeAll(async () => {
  ({ url } = await startApp({ LAB: 'true', LAB_MAX_TIME: '1m', LAB_MAX_BYTES: '1GiB' }));
  port = Number(new URL(url).port);
});
afterEach(endRawClients);
afterEach(endHttp2Clients);
afterAll(closeApps);
afterAll(removeFolders);

async function ask(path: string, headers: Headers = {}): Promise<{ client: RawClient; response: RawResponse }> {
  const client = (await RawClient.connect(port)).write(handshake(path, headers));
  return { client, response: await client.readResponse() };
}

describe('/lab', () => {
  it('echoes where the query has nothing', async () => {
    const client = await RawClient.open(port, '/lab');

    client.write(text('hello'));
    expect(await client.readText()).toBe('hello');
    client.write(close(1000, 'bye'));
    expect(await client.readClose()).toEqual({ status: 1000, reason: 'bye' });
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each([
    ['close=x', 'close is "x"; accepted: empty, or a whole number from 0 to 65535'],
    ['clos=1000', '"clos" is not a parameter; accepted: handshake-delay, '],
    ['reason=bye', 'reason has an effect only together with close'],
    ['echo=constructor', 'echo is "constructor"; accepted: true or false'],
    ['close=1000&close=1001', 'close is there 2 times; accepted: once'],
    ['status=503&frame=81', 'frame and status contradict each other: no WebSocket opens'],
    ['rst-stream=7', 'rst-stream cannot be over HTTP/1.1'],
    ['fault=deflate-bomb', 'fault=deflate-bomb needs a client that offers permessage-deflate'],
    ['count=1000000&size=1GiB', 'at most 1073741824 (LAB_MAX_BYTES)'],
    ['handshake-delay=2m', 'at most 60000 ms (LAB_MAX_TIME)'],
  ])('answers ?%s with 400', async (query, message) => {
    const { response } = await ask(`/lab?${query}`);

    expect(response.status).toBe(400);
    expect((JSON.parse(response.body) as { message: string }).message).toContain(message);
  });

  it('refuses as the query says, in a way that no browser would run', async () => {
    const { response } = await ask('/lab?status=503&retry-after=7&body=%3Cscript%3E');

    expect(response).toMatchObject({ status: 503, body: '<script>' });
    expect(response.headers).toMatchObject({
      'retry-after': '7',
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });

  it('accepts with the credentials that it asked for', async () => {
    const path = '/lab?status=401&www-authenticate=Basic&credentials=user:secret';
    const encode = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

    expect((await ask(path)).response).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Basic' } });
    expect((await ask(path, { Authorization: encode('user:wrong') })).response.status).toBe(401);
    expect((await ask(path, { Authorization: encode('user:secret') })).response.status).toBe(101);
  });

  it('sets cookies, and tells the request of the next connection', async () => {
    const { response } = await ask('/lab?cookie=visit=1');
    expect(response.headers['set-cookie']).toBe('visit=1; Path=/lab; HttpOnly; SameSite=Lax');

    const { client } = await ask('/lab/request?a=1', { Cookie: 'visit=1' });
    expect(JSON.parse(await client.readText())).toMatchObject({
      path: '/lab/request',
      query: { a: '1' },
      cookies: { visit: '1' },
      httpVersion: '1.1',
    });
  });

  it('sends exactly the bytes of frame=', async () => {
    const client = await RawClient.open(port, '/lab?frame=c103616263&frame=ff');

    expect((await client.readBytes(6)).toString('hex')).toBe('c103616263ff');
  });

  it('closes after so many messages', async () => {
    const client = await RawClient.open(port, '/lab?after-messages=2&close=4123&reason=bye&messages-after-close=1');

    client.write(text('1')).write(binary(Buffer.from('2')));
    expect([await client.readText(), await client.readText()]).toEqual(['1', '2']);
    expect(await client.readClose()).toEqual({ status: 4123, reason: 'bye' });
    expect(await client.readText()).toBe('after close 1');
  });

  it('sends what one says to all of its channel', async () => {
    const [one, two, other] = await Promise.all(
      ['room', 'room', 'other'].map((channel) => RawClient.open(port, `/lab?channel=${channel}`)),
    );
    one.write(text('hello'));
    other.write(text('alone'));

    expect(await Promise.all([one, two, other].map((client) => client.readText()))).toEqual([
      'hello',
      'hello',
      'alone',
    ]);
  });

  it('tells how the client closed', async () => {
    const client = await RawClient.open(port, '/lab?id=mine');
    client.write(close(4001, 'enough'));
    await client.readClose();

    expect(await (await fetch(`${url}/lab/closes/mine`)).json()).toMatchObject({ code: 4001, reason: 'enough' });
    expect((await fetch(`${url}/lab/closes/unknown`)).status).toBe(404);
  });

  it.each(['EchoWebSocket.ashx', 'EchoWebSocketHeaders.ashx'])(
    "takes the commands of .NET's test server at /WebSocket/%s",
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

  it('is a page to any other request, under the policy of the page', async () => {
    const response = await fetch(`${url}/lab`, { headers: { Host: '"><script>' } });
    const body = await response.text();

    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const name of LAB_PARAMETER_NAMES) {
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
  async function connect(): Promise<Http2Client> {
    const https = await startHttpsApp({ LAB: 'true' });
    return Http2Client.connect(https.url, https.ca);
  }

  it('sends messages, and closes', async () => {
    const exchange = await (await connect()).open('/lab?count=1&size=3&close=4123');

    expect(await exchange.readText()).toBe('ABC');
    expect(await exchange.readClose()).toEqual({ status: 4123, reason: '' });
  });

  it('says what cannot be over HTTP/2', async () => {
    const exchange = await (await connect()).connect('/lab?accept=wrong');

    expect(exchange.status).toBe(400);
    expect(await exchange.readBody()).toContain('accept cannot be over HTTP/2: HTTP/2 has no such header');
  });

  it('refuses with a status', async () => {
    const exchange = await (await connect()).connect('/lab?status=429&body=slow');

    expect(exchange.status).toBe(429);
    expect(await exchange.readBody()).toBe('slow');
  });

  it('refuses with RST_STREAM', async () => {
    const client = await connect();

    await expect(client.connect('/lab?rst-stream=7')).rejects.toThrow('NGHTTP2_REFUSED_STREAM');
  });

  it('refuses with GOAWAY', async () => {
    const client = await connect();
    const goaway = once(client.session, 'goaway');

    client.connect('/lab?goaway=11').catch(() => {});
    expect((await goaway)[0]).toBe(11);
  });
});

describe('The limits of /lab', () => {
  it('bound its connections, and give places back', async () => {
    const app = await startApp({ LAB: 'true', LAB_MAX_CONNECTIONS: '1' });
    const appPort = Number(new URL(app.url).port);
    const first = await RawClient.open(appPort, '/lab');
    const second = (await RawClient.connect(appPort)).write(handshake('/lab'));
    expect(await second.readResponse()).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });

    first.write(close(1000));
    await first.readClose();
    first.end();
    await first.readToEnd();
    await RawClient.open(appPort, '/ws');
  });

  it('end a connection that lasts too long', async () => {
    const app = await startApp({ LAB: 'true', LAB_MAX_TIME: '300ms' });
    const client = await RawClient.open(Number(new URL(app.url).port), '/lab');

    await expect(client.readBytes(1)).rejects.toThrow('ended');
  });

  it('do not let a connection hold up the shutdown', async () => {
    const app = await startApp({ LAB: 'true' });
    const client = await RawClient.open(Number(new URL(app.url).port), '/lab?close-reply=never&keep-open=true');

    await app.close();

    await expect(client.readBytes(1)).rejects.toThrow('ended');
  });
});

describe('Without LAB', () => {
  it('there is no /lab', async () => {
    const app = await startApp();

    expect((await fetch(`${app.url}/lab`)).status).toBe(404);
    expect((await fetch(`${app.url}/WebSocket/EchoWebSocket.ashx`)).status).toBe(404);
  });
});
