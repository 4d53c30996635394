import { hash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { TLSSocket } from 'node:tls';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Replaces a secret. */
const NOT_TOLD = '(not told to a page of another origin)';

/** Request headers with secrets of a user. A browser adds them to the handshakes of every page, and no page may read them. */
const SECRET_HEADERS = new Set(['cookie', 'authorization', 'proxy-authorization']);

/** A request as the server received it. */
export interface LabRequest {
  /** GET; CONNECT for a WebSocket over HTTP/2 (RFC 8441 section 4). */
  readonly method: string;
  /** Path and query as in the request line. */
  readonly url: string;
  readonly path: string;
  /** By name. A name that is repeated has a list. */
  readonly query: Readonly<Record<string, string | string[]>>;
  /** By name in lower case, without pseudo-headers. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly cookies: Readonly<Record<string, string>>;
  readonly origin: string | undefined;
  /** Host, over HTTP/2 `:authority`. */
  readonly authority: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly httpVersion: '1.0' | '1.1' | '2';
  /** Undefined without TLS. */
  readonly tls:
    | { readonly version: string | null; readonly cipher: string; readonly alpn: string; readonly servername: string }
    | undefined;
  readonly requestedProtocols: readonly string[];
  readonly requestedExtensions: string | undefined;
}

/** Reads a request of `node:http`, or one of `node:http2` by its compatibility API. */
export function labRequestOf(request: IncomingMessage): LabRequest {
  const url = request.url ?? '/';
  const searchParams = queryOf({ url });
  const names = [...new Set(searchParams.keys())];
  const { socket, headers } = request;
  return {
    method: methodOf(request),
    url,
    path: url.split('?', 1)[0],
    query: Object.fromEntries(names.map((name) => [name, oneOrAll(searchParams.getAll(name))])),
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':'))),
    rawHeaders: request.rawHeaders,
    cookies: cookiesOf(headers.cookie ?? ''),
    origin: headers.origin,
    authority: headers.host ?? (headers[':authority'] as string | undefined),
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    httpVersion: request.httpVersionMajor === 2 ? '2' : request.httpVersionMinor === 0 ? '1.0' : '1.1',
    tls: tlsOf(request),
    requestedProtocols: list(headers['sec-websocket-protocol']),
    requestedExtensions: headers['sec-websocket-extensions'],
  };
}

/** The query of a request. */
export function queryOf({ url }: Pick<LabRequest, 'url'>): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

/**
 * A request without secrets that its client must not learn. A page of another origin may open a WebSocket here and read its
 * messages, but must not learn the user's cookies and credentials, which the browser adds.
 */
export function tellable(request: LabRequest): LabRequest {
  const { origin, authority, headers, rawHeaders, cookies } = request;
  if (origin === undefined || originHost(origin) === authority?.toLowerCase()) {
    return request;
  }
  return {
    ...request,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, SECRET_HEADERS.has(name) ? NOT_TOLD : value]),
    ),
    rawHeaders: rawHeaders.map((text, i) =>
      i % 2 === 1 && SECRET_HEADERS.has(rawHeaders[i - 1].toLowerCase()) ? NOT_TOLD : text,
    ),
    cookies: Object.fromEntries(Object.keys(cookies).map((name) => [name, NOT_TOLD])),
  };
}

/** The value of `Sec-WebSocket-Accept` for the key of a request (RFC 6455 section 4.2.2). */
export function acceptKeyOf({ headers }: LabRequest): string {
  return hash('sha1', `${headers['sec-websocket-key']}${ACCEPT_GUID}`, 'base64');
}

/** Whether the client offers permessage-deflate (RFC 7692). */
export function offersDeflate({ requestedExtensions = '' }: LabRequest): boolean {
  return /(?:^|,)\s*permessage-deflate\s*(?:[;,]|$)/i.test(requestedExtensions);
}

/** The method as received. The one of a WebSocket request over HTTP/2 is changed to GET, for the routes of controllers. */
function methodOf(request: IncomingMessage): string {
  return pseudoHeaderOf(request, ':method') ?? request.method ?? 'GET';
}

/** A pseudo-header of HTTP/2 (RFC 9113 section 8.3). A name is at an even index of `rawHeaders`, a value after it. */
export function pseudoHeaderOf({ rawHeaders }: Pick<LabRequest, 'rawHeaders'>, name: string): string | undefined {
  const index = rawHeaders.findIndex((text, i) => i % 2 === 0 && text === name);
  return index < 0 ? undefined : rawHeaders[index + 1];
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
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
  // The socket of an HTTP/2 session is a proxy, which `instanceof` sees through.
  return socket instanceof TLSSocket
    ? {
        version: socket.getProtocol(),
        cipher: socket.getCipher().name,
        alpn: socket.alpnProtocol || '',
        servername: (socket as TLSSocket & { servername?: string | false }).servername || '',
      }
    : undefined;
}
