import { hash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { TLSSocket } from 'node:tls';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What the server saw of a request: what `/lab/request` tells. */
export interface LabRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly path: string;
  /** By name; of one that is repeated a list. */
  readonly query: Readonly<Record<string, string | string[]>>;
  /** By name in lower case, without pseudo-headers. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly cookies: Readonly<Record<string, string>>;
  readonly origin: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly httpVersion: '1.0' | '1.1' | '2';
  /** Undefined where the connection came without TLS. */
  readonly tls:
    | { readonly version: string | null; readonly cipher: string; readonly alpn: string; readonly servername: string }
    | undefined;
  readonly requestedProtocols: readonly string[];
  readonly requestedExtensions: string | undefined;
}

/** Reads a request of Node.js, of HTTP/1.1 or HTTP/2. */
export function labRequestOf(request: IncomingMessage): LabRequest {
  const url = request.url ?? '/';
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const names = [...new Set(searchParams.keys())];
  const { socket, headers } = request;
  return {
    method: request.method ?? 'GET',
    url,
    path: pathname,
    query: Object.fromEntries(names.map((name) => [name, oneOrAll(searchParams.getAll(name))])),
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':'))),
    rawHeaders: request.rawHeaders,
    cookies: cookiesOf(headers.cookie ?? ''),
    origin: headers.origin,
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    httpVersion: request.httpVersionMajor === 2 ? '2' : request.httpVersionMinor === 0 ? '1.0' : '1.1',
    tls: tlsOf(request),
    requestedProtocols: list(headers['sec-websocket-protocol']),
    requestedExtensions: headers['sec-websocket-extensions'],
  };
}

/** The value of `Sec-WebSocket-Accept` that answers the request's key (RFC 6455 section 4.2.2). */
export function acceptKeyOf({ headers }: LabRequest): string {
  return hash('sha1', `${headers['sec-websocket-key']}${ACCEPT_GUID}`, 'base64');
}

/** Whether the client offers permessage-deflate (RFC 7692). */
export function offersDeflate({ requestedExtensions = '' }: LabRequest): boolean {
  return /(?:^|,)\s*permessage-deflate\s*(?:[;,]|$)/i.test(requestedExtensions);
}

function oneOrAll(values: string[]): string | string[] {
  return values.length === 1 ? values[0] : values;
}

function list(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function cookiesOf(header: string): Record<string, string> {
  const pairs = header.split(';').flatMap((pair): [string, string][] => {
    const equals = pair.indexOf('=');
    return equals < 1 ? [] : [[pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}

function tlsOf(request: IncomingMessage): LabRequest['tls'] {
  const { stream } = request as unknown as Partial<Http2ServerRequest>;
  const socket: unknown = stream?.session?.socket ?? request.socket;
  // The socket of an HTTP/2 session is a proxy of the one beneath, which `instanceof` sees through.
  return socket instanceof TLSSocket
    ? {
        version: socket.getProtocol(),
        cipher: socket.getCipher().name,
        alpn: socket.alpnProtocol || '',
        servername: (socket as TLSSocket & { servername?: string | false }).servername || '',
      }
    : undefined;
}
