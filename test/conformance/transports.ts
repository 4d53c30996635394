import { connect, type Socket } from 'node:net';
import { startApp } from '../support/start-app.js';
import { WireClient } from './wire-client.js';

/**
 * Opens a WebSocket to the application.
 *
 * @param early bytes that are sent together with the handshake, before it is answered
 */
export type Open = (early?: Uint8Array) => Promise<WireClient>;

/** The application, reached in one of the ways that it can be. */
export interface ServedApplication {
  readonly open: Open;
  close(): Promise<void>;
}

/** A way to reach the application: what happens up to the first byte of a frame. After that, all ways are one. */
export interface Transport {
  readonly name: string;
  start(environment?: Record<string, string>): Promise<ServedApplication>;
}

const http1: Transport = {
  name: 'HTTP/1.1',
  async start(environment) {
    const app = await startApp(environment);
    const { hostname, port } = new URL(app.url);
    return {
      open: (early) => upgrade(connect({ host: hostname, port: Number(port), noDelay: true }), early),
      close: () => app.close(),
    };
  },
};

/** Every transport that the suite runs over. */
export const transports: readonly Transport[] = [http1];

/**
 * Defines tests that run against the application over every transport, one application for each.
 *
 * @param define is given how to open a WebSocket, for use in its tests
 */
export function overEveryTransport(define: (open: Open) => void, environment: Record<string, string> = {}): void {
  describe.each(transports)('over $name', (transport) => {
    let application: ServedApplication;

    beforeAll(async () => {
      application = await transport.start(environment);
    });

    afterAll(() => application.close());

    define((early) => application.open(early));
  });
}

/** Makes a WebSocket of a connection with the HTTP/1.1 handshake (RFC 6455 section 4.1). */
async function upgrade(socket: Socket, early: Uint8Array = Buffer.alloc(0)): Promise<WireClient> {
  const client = new WireClient(socket);
  const request =
    'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  await client.send(Buffer.concat([Buffer.from(request), early]));
  const expected =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
  const answer = await client.receive(expected.length);
  if (answer.toString('latin1') !== expected) {
    throw new Error(`The handshake was answered with: ${answer.toString('latin1')}`);
  }
  return client;
}
