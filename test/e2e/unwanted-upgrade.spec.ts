import type { AddressInfo } from 'node:net';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp, type HttpsApp } from '../support/https-app.js';
import { endRawClients, handshake, RawClient } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

describe('A handshake for a path without a WebSocket', () => {
  let http: RunningApp;
  let https: HttpsApp;

  beforeAll(async () => {
    [http, https] = [await startApp(), await startHttpsApp()];
  });
  afterEach(endRawClients);
  afterEach(endHttp2Clients);
  afterAll(closeApps);
  it.each([
    ['/metrics', 200],
    ['/swagger', 200],
    ['/swagger-json', 200],
    ['/nothing', 404],
  ])('is answered like an ordinary GET: %s with %i', async (path, status) => {
    const client = await RawClient.connect((http.app.getHttpServer().address() as AddressInfo).port);

    client.write(handshake(path));

    expect(await client.readResponse()).toMatchObject({ status });
  });

  it.each([
    ['/metrics', 400],
    ['/swagger', 400],
    ['/swagger-json', 400],
    ['/nothing', 404],
  ])('is not answered with 2xx over HTTP/2, which would accept it: %s with %i', async (path, status) => {
    const client = await Http2Client.connect(https.url, https.ca);

    expect(await client.connect(path)).toMatchObject({ status });
  });
});
