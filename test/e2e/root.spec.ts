import type { AddressInfo } from 'node:net';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp } from '../support/https-app.js';
import { endRawClients, handshake, RawClient, requestHead, type Headers } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';
import { text } from '../libs/websockets/protocol/client-frame.js';

afterAll(closeApps);

describe('At /', () => {
  let running: RunningApp;
  let port: number;

  beforeAll(async () => {
    running = await startApp();
    ({ port } = running.app.getHttpServer().address() as AddressInfo);
  });
  afterEach(endRawClients);

  async function ask(request: string): Promise<{ status: number; body: string; client: RawClient }> {
    const client = (await RawClient.connect(port)).write(request);
    return { ...(await client.readResponse()), client };
  }

  it('a WebSocket request is echoed, with the bytes that arrived with it', async () => {
    const client = (await RawClient.connect(port)).write(Buffer.concat([Buffer.from(handshake('/')), text('hello')]));

    expect((await client.readResponse()).status).toBe(101);
    expect((await client.readFrame()).payload.toString()).toBe('hello');
  });

  it.each<[string, Headers]>([
    ['no Upgrade', { Upgrade: undefined }],
    ['an Upgrade to another protocol', { Upgrade: 'h2c' }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
  ])('a request with %s receives the page', async (_what, changed) => {
    const { status, body } = await ask(handshake('/', { Connection: 'Upgrade, close', ...changed }));

    expect(status).toBe(200);
    expect(body).toContain('commsLog');
  });

  it.each<[string, string, Headers, number]>([
    ['of another version', 'GET', { 'Sec-WebSocket-Version': '8' }, 426],
    ['by POST', 'POST', {}, 404],
  ])('a WebSocket request %s is refused', async (_what, method, changed, expected) => {
    const whole = handshake('/', changed).replace('GET', method);

    expect((await ask(whole)).status).toBe(expected);
  });

  it('a file of the page and a WebSocket use the same connection, one after the other', async () => {
    const { status, client } = await ask(requestHead('GET /main.js HTTP/1.1', { Host: 'localhost' }));
    expect(status).toBe(200);

    client.write(handshake('/'));

    expect((await client.readResponse()).status).toBe(101);
  });
});

describe('At / over HTTP/2', () => {
  afterEach(endHttp2Clients);

  it('an extended CONNECT is echoed, and a GET receives the page', async () => {
    const { url, ca } = await startHttpsApp();
    const client = await Http2Client.connect(url, ca);

    const webSocket = await client.open('/');
    webSocket.write(text('hello'));
    const page = await client.request({ ':path': '/' });

    expect(await webSocket.readText()).toBe('hello');
    expect(page.status).toBe(200);
    expect(await page.readBody()).toContain('commsLog');
  });
});
