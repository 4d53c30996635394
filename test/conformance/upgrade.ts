import type { Duplex } from 'node:stream';
import { WireClient } from './wire-client.js';

/**
 * Makes a WebSocket of a connection with the HTTP/1.1 handshake (RFC 6455 section 4.1).
 *
 * @param early bytes that are sent together with it, before it is answered
 */
export async function upgrade(socket: Duplex, early: Uint8Array = Buffer.alloc(0)): Promise<WireClient> {
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
