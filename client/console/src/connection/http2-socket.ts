import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { requestUrl } from './address.js';
import { ConnectError } from './connect-error.js';
import type { Handshake, Header, RequestHead } from './handshake.js';
import { RelayedSocket, type Written } from './relayed-socket.js';

/** RFC 6455 section 1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Headers of HTTP/1.1 that HTTP/2 does not have (RFC 9113 section 8.2.2, RFC 8441 section 5). */
const HTTP1_HEADERS = ['host', 'connection', 'upgrade', 'sec-websocket-key'];

/** The protocols for ALPN. A server without HTTP/2 chooses HTTP/1.1, so that the client can report it. */
export const HTTP2_PROTOCOLS = ['h2', 'http/1.1'];

/**
 * Starts HTTP/2 on a connection, and waits until the server announces WebSockets over it (RFC 8441 section 3).
 *
 * @throws ConnectError if the server has no HTTP/2, or no WebSockets over it
 */
export async function openHttp2(transport: Socket, url: URL, signal: AbortSignal): Promise<Http2Socket> {
  if (!(transport instanceof TLSSocket) || transport.alpnProtocol !== 'h2') {
    throw new ConnectError(
      `Cannot connect to ${url.href} over HTTP/2: the server does not offer it. Without --http2 the client uses HTTP/1.1.`,
      false,
    );
  }
  const { host } = requestUrl(url);
  const session = connect(`https://${host}`, { createConnection: () => transport });
  await once(session, 'remoteSettings', { signal });
  if (!session.remoteSettings.enableConnectProtocol) {
    session.destroy();
    throw new ConnectError(
      `Cannot connect to ${url.href} over HTTP/2: the server offers it, but without WebSockets (RFC 8441). Without --http2 the client uses HTTP/1.1.`,
      false,
    );
  }
  return new Http2Socket(session, host);
}

/**
 * Translates the upgrade request that `ws` writes for HTTP/1.1 into an extended CONNECT (RFC 8441). It translates the
 * status 200 into 101 and passes on any other response. The bytes that follow are relayed.
 */
export class Http2Socket extends RelayedSocket {
  /** The request and the response over HTTP/2; undefined before the response. */
  handshake?: Handshake;
  private head = '';
  private stream?: ClientHttp2Stream;

  /** @param session is closed with this socket */
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
    // A reset of the TCP connection corresponds to RST_STREAM with CANCEL (RFC 8441 section 5).
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

/** The Sec-WebSocket-Accept that `ws` expects (RFC 6455 section 4.2.2). */
function acceptOf(key = ''): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** A header that occurs several times gets an array of values. */
function asObject(headers: readonly Header[]): Record<string, string[] | string> {
  const object: Record<string, string[] | string> = {};
  for (const [name, value] of headers) {
    object[name] = name in object ? [object[name] ?? [], value].flat() : value;
  }
  return object;
}
