import { hash } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HandshakeHeaders } from './handshake-headers.js';
import { LINGER } from '../connection/web-socket-close.js';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The version of RFC 6455, and the only one there is. */
const WEB_SOCKET_VERSION = '13';

/** Base64 of exactly 16 bytes. Node.js joins a key that is sent twice with a comma, which this does not match. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Whether a request asks for a WebSocket over HTTP/1.1: GET, `Upgrade: websocket`, `Connection: upgrade`, version 13 and
 * a key. Tokens count in any case and in lists (RFC 6455 section 4.2.1).
 */
export function isWebSocketRequest(request: IncomingMessage): boolean {
  return (
    asksForWebSocket(request) &&
    request.headers['sec-websocket-version'] === WEB_SOCKET_VERSION &&
    KEY.test(request.headers['sec-websocket-key'] ?? '')
  );
}

/** Whether a request is a WebSocket request but for a version that is not spoken here: 426 tells which is (section 4.4). */
export function hasUnsupportedVersion(request: IncomingMessage): boolean {
  const version = request.headers['sec-websocket-version'];
  return asksForWebSocket(request) && version !== undefined && version !== WEB_SOCKET_VERSION;
}

/**
 * Whether a request has as many headers as the HTTP server keeps: it drops the others without a word.
 *
 * @param limit `maxHeadersCount` of the server, where 0 is no limit; without it Node.js keeps 1000
 */
export function mayLackHeaders({ rawHeaders }: IncomingMessage, limit: number | null | undefined): boolean {
  return rawHeaders.length >= 2 * ((limit ?? 1000) || Infinity);
}

/** Whether a request is a handshake, of a version that is spoken here or not; any other request is an ordinary one. */
export function isHandshake(request: IncomingMessage): boolean {
  return isWebSocketRequest(request) || hasUnsupportedVersion(request);
}

function asksForWebSocket(request: IncomingMessage): boolean {
  const { method, headers, httpVersionMajor, httpVersionMinor } = request;
  return (
    method === 'GET' &&
    (httpVersionMajor > 1 || httpVersionMinor >= 1) &&
    hasToken(headers.upgrade, 'websocket') &&
    hasToken(headers.connection, 'upgrade') &&
    headers['sec-websocket-key'] !== undefined &&
    headers.host !== undefined &&
    !hasBody(request)
  );
}

/** Whether a request has a body. It is an ordinary request then, whatever it would upgrade to. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

function hasToken(header: string | undefined, token: string): boolean {
  const tokens = header?.toLowerCase();
  return tokens === token || (tokens?.split(',').some((entry) => entry.trim() === token) ?? false);
}

/**
 * Switches a connection to the WebSocket protocol (RFC 6455 section 4.2.2).
 *
 * @param headers what was agreed on besides
 */
export function switchProtocols(request: IncomingMessage, socket: Duplex, headers: HandshakeHeaders = {}): void {
  const accept = hash('sha1', `${request.headers['sec-websocket-key']}${ACCEPT_GUID}`, 'base64');
  // Who expects 100 gets it before 101 (RFC 9110 section 7.8).
  const interim = request.headers.expect?.toLowerCase() === '100-continue' ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
  let response =
    `${interim}HTTP/1.1 101 Switching Protocols\r\n` +
    'Upgrade: websocket\r\n' +
    'Connection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) {
      response += `${name}: ${line}\r\n`;
    }
  }
  socket.write(`${response}\r\n`, 'latin1');
}

/** Why there is no WebSocket, as an ordinary response says it. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a request is told that is not a handshake, where a WebSocket is served.
 *
 * @param httpVersionMajor the handshake is another one over HTTP/2 (RFC 8441)
 */
export function notAHandshake({ httpVersionMajor }: Pick<IncomingMessage, 'httpVersionMajor'>): Refusal {
  const expected =
    httpVersionMajor === 2
      ? `an extended CONNECT request with :protocol = websocket and sec-websocket-version: ${WEB_SOCKET_VERSION}`
      : `a GET request with Connection: Upgrade, Upgrade: websocket, Sec-WebSocket-Version: ${WEB_SOCKET_VERSION} and a ` +
        'Sec-WebSocket-Key of 16 bytes in Base64';
  return {
    status: 400,
    message:
      `Expected a WebSocket handshake: ${expected}. Connect with a WebSocket client; ` +
      'if one sent this request, a proxy on the way may have changed it.',
    headers: {},
  };
}

/** What a request is told whose headers may not all be known, so that not even the length of its body is. */
export const TOO_MANY_HEADERS: Refusal = {
  status: 431,
  message: 'The request has too many headers.',
  headers: {},
};

/**
 * What an upgrade request is told whose body Node.js reads before it hands the socket over. That happens only on a
 * connection that the application's own HTTP server has not taken, such as that of a further address of `localhost`.
 */
export const UPGRADE_WITH_BODY: Refusal = {
  status: 501,
  message: 'A request with a body cannot be upgraded here. Send it without Upgrade.',
  headers: {},
};

/** What a CONNECT over HTTP/1.1 is told. Node.js cuts it, unless somebody listens. */
export const NO_TUNNEL: Refusal = {
  status: 501,
  message: 'CONNECT wants a tunnel, and this is no proxy.',
  headers: {},
};

/** What a client is told when code of the application failed before the handshake was accepted. */
export const HANDSHAKE_FAILED: Refusal = { status: 500, message: 'Internal Server Error', headers: {} };

export const SHUTTING_DOWN: Refusal = {
  status: 503,
  message: 'The server is shutting down.',
  headers: { 'Retry-After': '5' },
};

/** What a request is told whose version is not spoken here. A 426 has to name the protocol (RFC 9110 section 15.5.22). */
export function unsupportedVersion(request: IncomingMessage): Refusal {
  const version = JSON.stringify(request.headers['sec-websocket-version']);
  return {
    status: 426,
    message: `Sec-WebSocket-Version is ${version}; ${WEB_SOCKET_VERSION} is spoken here.`,
    headers: { 'Sec-WebSocket-Version': WEB_SOCKET_VERSION, Upgrade: 'websocket', Connection: 'close, Upgrade' },
  };
}

/** The body of the answer that refuses, as Nest answers exceptions. */
export function answerOf({ status, message }: Refusal): { statusCode: number; message: string; error: string } {
  return { statusCode: status, message, error: STATUS_CODES[status] ?? '' };
}

/** Answers an upgrade request with an ordinary response, and ends the connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { status, headers } = refusal;
  const body = JSON.stringify(answerOf(refusal));
  const lines = Object.entries({
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  endAfterAnswer(socket);
}

/** Ends a connection whose request was answered. The client has `LINGER` to take the answer and to end its half. */
export function endAfterAnswer(socket: Duplex): void {
  socket.end();
  // Bytes left unread would make the kernel reset the connection, and the client would lose the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(timer));
}
