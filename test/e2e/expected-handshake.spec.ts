import type { AddressInfo } from 'node:net';
import { endRawClients, handshake, RawClient, requestHead } from '../support/raw-client.js';
import { closeApps, startApp } from '../support/start-app.js';

/** The requirements of a handshake (RFC 6455 section 4.1), whichever of them was missing. */
const EXPECTED =
  'Expected a WebSocket handshake: a GET request with Connection: Upgrade, Upgrade: websocket, ' +
  'Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key of 16 bytes in Base64. Connect with a WebSocket client';

let port: number;

beforeAll(async () => {
  const { app } = await startApp();
  ({ port } = app.getHttpServer().address() as AddressInfo);
});
afterAll(closeApps);
afterEach(endRawClients);

describe.each(['/ws', '/Ws/?room=1', '/rpc', '/sockets', '/background', '/background/room'])(
  '%s explains in the same way what it expects',
  (path) => {
    it.each([
      ['an ordinary GET', requestHead(`GET ${path} HTTP/1.1`, { Host: 'localhost' })],
      ['a handshake without a key', handshake(path, { 'Sec-WebSocket-Key': undefined })],
      ['a handshake with an invalid key', handshake(path, { 'Sec-WebSocket-Key': 'short' })],
      ['a handshake without Upgrade', handshake(path, { Upgrade: undefined })],
    ])('in its response to %s', async (_what, request) => {
      const client = await RawClient.connect(port);

      client.write(request);

      const { status, body } = await client.readResponse();
      expect(status).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ message: expect.stringContaining(EXPECTED) as string });
    });
  },
);

describe.each(['/ws', '/rpc'])('%s explains what it expects', (path) => {
  it.each([
    ['without a body', {}, ''],
    ['with a body of another type', { 'Content-Type': 'application/xml' }, '<a/>'],
    ['with a body without a type', {}, 'text'],
    ['with malformed JSON', { 'Content-Type': 'application/json' }, '{'],
    ['with a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'a=1'],
    ["with a body larger than Fastify's limit", { 'Content-Type': 'text/plain' }, 'x'.repeat(1024 * 1024 + 1)],
  ])(
    'in its response to a POST %s, and keeps the connection open for the next request',
    async (_what, headers, body) => {
      const client = await RawClient.connect(port);

      client.write(
        requestHead(`POST ${path} HTTP/1.1`, { Host: 'localhost', 'Content-Length': String(body.length), ...headers }),
      );
      client.write(body);
      client.write(handshake('/ws'));

      const response = await client.readResponse();
      expect(response.status).toBe(400);
      expect(JSON.parse(response.body)).toMatchObject({ message: expect.stringContaining(EXPECTED) as string });
      expect((await client.readResponse()).status).toBe(101);
    },
  );
});
