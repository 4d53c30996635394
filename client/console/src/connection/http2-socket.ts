import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import type { Handshake, Header, RequestHead } from './handshake.js';
import { RelayedSocket, type Written } from './relayed-socket.js';

/** RFC 6455 section 1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** They belong to a connection of HTTP/1.1, which this is none (RFC 9113 section 8.2.2, RFC 8441 section 5). */
const HTTP1_HEADERS = ['host', 'connection', 'upgrade', 'sec-websocket-key'];

/**
 * Takes the upgrade request that `ws` writes for HTTP/1.1 and asks for the same with an extended CONNECT (RFC 8441). To a
 * response of 200 it answers 101, to any other one with just that; what follows is relayed.
 */
export class Http2Socket extends RelayedSocket {
  /** What really went over the connection, once there is a response. */
  handshake?: Handshake;
  private head = '';
  private stream?: ClientHttp2Stream;

  /** @param session belongs to this socket, and ends with it */
  constructor(
    private readonly session: ClientHttp2Session,
    private readonly authority: string,
  ) {
    super();
    session.once('error', (error) => this.destroy(error));
    session.once('close', () => this.stream ?? this.destroy());
  }

  protected override forward(chunk: Buffer, written: Written): void {
    if (this.stream) {
      super.forward(chunk, written);
      return;
    }
    this.head += chunk.toString('latin1');
    if (this.head.endsWith('\r\n\r\n')) {
      this.request();
    }
    written();
  }

  protected override release(): void {
    // What is a reset of the connection over TCP is CANCEL here (RFC 8441 section 5).
    this.stream?.close(constants.NGHTTP2_CANCEL);
    this.session.close();
  }

  private request(): void {
    const [requestLine = '', ...lines] = this.head.trimEnd().split('\r\n');
    const [, path = '/'] = requestLine.split(' ');
    const http1 = lines.map((line): Header => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const host = http1.find(([name]) => name === 'host')?.[1] ?? this.authority;
    const headers: Header[] = [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'https'],
      [':path', path],
      [':authority', host],
      ...http1.filter(([name]) => !HTTP1_HEADERS.includes(name)),
    ];
    const accept = acceptOf(http1.find(([name]) => name === 'sec-websocket-key')?.[1]);

    this.stream = this.session.request(asObject(headers), { endStream: false });
    this.stream.once('response', (response) => {
      this.answer({ line: `CONNECT ${path} HTTP/2`, headers }, response, accept);
    });
    this.relay(this.stream);
  }

  private answer(request: RequestHead, response: IncomingHttpHeaders, accept: string): void {
    const status = Number(response[':status']);
    const headers = Object.entries(response).flatMap(([name, values]) =>
      name.startsWith(':') ? [] : [values ?? []].flat().map((value): Header => [name, value]),
    );
    this.handshake = { request, response: { httpVersion: '2', status, statusText: '', headers } };
    const upgrade: Header[] = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Accept', accept],
    ];
    this.push(
      status === 200
        ? http1Head(101, [...upgrade, ...headers])
        : http1Head(status, [['Connection', 'close'], ...headers]),
    );
  }
}

function http1Head(status: number, headers: readonly Header[]): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** RFC 6455 section 4.2.2: what proves to `ws` that its request was understood. */
function acceptOf(key = ''): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** A header that comes several times has an array of values. */
function asObject(headers: readonly Header[]): Record<string, string[] | string> {
  const object: Record<string, string[] | string> = {};
  for (const [name, value] of headers) {
    object[name] = name in object ? [object[name] ?? [], value].flat() : value;
  }
  return object;
}
