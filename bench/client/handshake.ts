import { createHash } from 'node:crypto';
import { check } from './frame-reader.js';

/** RFC 6455, 4.1 wants a new key each time; for a server one is as good as another. */
const KEY = Buffer.alloc(16, 'nest-ws-echo').toString('base64');
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** Without contexts taken over, a message may be compressed once and sent many times. */
const COMPRESSION_OFFER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

export function handshakeRequest(host: string, path: string, offersCompression: boolean): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...(offersCompression ? [`Sec-WebSocket-Extensions: ${COMPRESSION_OFFER}`] : []),
    '\r\n',
  ].join('\r\n');
}

/** What a server agreed to. */
export interface Agreement {
  readonly isCompressed: boolean;
}

/** @throws EchoError where the response, status line and headers, does not accept the request */
export function checkHandshakeResponse(response: string): Agreement {
  const [statusLine, ...fields] = response.split('\r\n');
  check(statusLine.startsWith('HTTP/1.1 101 '), `"${statusLine}" instead of a handshake`);
  const headers = new Map(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  check(headers.get('sec-websocket-accept') === ACCEPT, 'a handshake with a wrong Sec-WebSocket-Accept');
  const extensions = headers.get('sec-websocket-extensions') ?? '';
  const isCompressed = extensions.startsWith('permessage-deflate');
  check(!isCompressed || extensions.includes('server_no_context_takeover'), `the extensions "${extensions}"`);
  return { isCompressed };
}
