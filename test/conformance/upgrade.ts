import type { Duplex } from 'node:stream';
import { WireClient } from './wire-client.js';

/**
 * Makes a WebSocket of a connection with the HTTP/1.1 handshake (RFC 6455 section 4.1).
 *
 * @param early bytes that are sent together with it, before it is answered
 * @param offers extensions that are offered: `Sec-WebSocket-Extensions`, once for each
 */
export async function upgrade(
  socket: Duplex,
  early: Uint8Array = Buffer.alloc(0),
  offers: readonly string[] = [],
): Promise<WireClient> {
  const client = new WireClient(socket);
  const request =
    'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
    `${offers.map(extensionsHeader).join('')}\r\n`;
  await client.send(Buffer.concat([Buffer.from(request), early]));
  const answer = (await client.receiveThrough('\r\n\r\n')).toString('latin1');
  const extensions = /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(answer)?.[1];
  const expected =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
    `${extensions === undefined ? '' : extensionsHeader(extensions)}\r\n`;
  if (answer !== expected) {
    throw new Error(`The handshake was answered with: ${answer}`);
  }
  client.extensions = extensions;
  return client;
}

function extensionsHeader(value: string): string {
  return `Sec-WebSocket-Extensions: ${value}\r\n`;
}
