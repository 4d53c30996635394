import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { WEB_SOCKET_VERSION } from './handshake-request.js';
import { LINGER } from '../connection/close-handshake.js';
import type { WebSocketRefusal } from '../connection/web-socket-observer.js';

/** Why a request gets no WebSocket, as the ordinary response that says so. */
export interface Refusal extends WebSocketRefusal {
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to a request with so many headers that some may be missing, such as the length of its body. */
export const TOO_MANY_HEADERS: Refusal = {
  status: 431,
  reason: 'malformed',
  message: 'The request has too many headers.',
  headers: {},
};

/**
 * The answer to an upgrade request whose body Node.js reads before it hands the socket over. That happens on connections
 * that the application's own HTTP server has not taken, such as those of a further address of `localhost` in Fastify.
 */
export const UPGRADE_WITH_BODY: Refusal = {
  status: 501,
  reason: 'not-a-handshake',
  message: 'A request with a body cannot be upgraded here. Send it without Upgrade.',
  headers: {},
};

/** The answer to CONNECT over HTTP/1.1. Without a listener for `connect` Node.js cuts the connection. */
export const NO_TUNNEL: Refusal = {
  status: 501,
  reason: 'not-a-handshake',
  message: 'CONNECT asks for a tunnel; this server is not a proxy.',
  headers: {},
};

/** The answer to CONNECT over HTTP/2 for another protocol (RFC 9220 section 3), or for a tunnel. */
export const OTHER_PROTOCOL: Refusal = {
  status: 501,
  reason: 'not-a-handshake',
  message: 'CONNECT opens WebSockets here: :protocol must be websocket.',
  headers: {},
};

/** The answer where code of the application failed before it accepted the handshake. */
export const HANDSHAKE_FAILED: Refusal = {
  status: 500,
  reason: 'error',
  message: 'Internal Server Error',
  headers: {},
};

/** What stands for an answer where the client has gone before there was one. */
export const CLIENT_GONE: Refusal = {
  status: 499,
  reason: 'aborted',
  message: 'The client has gone before its handshake was answered.',
  headers: {},
};

/** The answer while the application shuts down. */
export const SHUTTING_DOWN: Refusal = {
  status: 503,
  reason: 'draining',
  message: 'The server is shutting down.',
  headers: { 'Retry-After': '5' },
};

/** The answer to a request that is not a handshake, at a path of WebSockets. Over HTTP/2 it names CONNECT (RFC 8441). */
export function notAHandshake({ httpVersionMajor }: Pick<IncomingMessage, 'httpVersionMajor'>): Refusal {
  const expected =
    httpVersionMajor === 2
      ? `an extended CONNECT request with :protocol = websocket and sec-websocket-version: ${WEB_SOCKET_VERSION}`
      : `a GET request with Connection: Upgrade, Upgrade: websocket, Sec-WebSocket-Version: ${WEB_SOCKET_VERSION} and a ` +
        'Sec-WebSocket-Key of 16 bytes in Base64';
  return {
    status: 400,
    reason: 'not-a-handshake',
    message:
      `Expected a WebSocket handshake: ${expected}. Connect with a WebSocket client; ` +
      'if one sent this request, a proxy on the way may have changed it.',
    headers: {},
  };
}

/**
 * The answer to a handshake of another version (RFC 6455 section 4.4). A 426 names the protocol to upgrade to (RFC 9110
 * section 15.5.22); over HTTP/2, which has no upgrade (section 7.8), it is 400.
 */
export function unsupportedVersion({
  headers,
  httpVersionMajor,
}: Pick<IncomingMessage, 'headers' | 'httpVersionMajor'>): Refusal {
  const message = `Sec-WebSocket-Version is ${JSON.stringify(headers['sec-websocket-version'])}; this server speaks ${WEB_SOCKET_VERSION}.`;
  const version = { 'Sec-WebSocket-Version': WEB_SOCKET_VERSION };
  return httpVersionMajor === 2
    ? { status: 400, reason: 'version', message, headers: version }
    : {
        status: 426,
        reason: 'version',
        message,
        headers: { ...version, Upgrade: 'websocket', Connection: 'close, Upgrade' },
      };
}

/** The body of a refusal, in the form in which Nest answers exceptions. */
export function bodyOf({ status, message }: Refusal): { statusCode: number; message: string; error: string } {
  return { statusCode: status, message, error: STATUS_CODES[status] ?? '' };
}

/** Answers an upgrade request of HTTP/1.1 with an ordinary response, and ends the connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { status, headers } = refusal;
  const body = JSON.stringify(bodyOf(refusal));
  const lines = Object.entries({
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  endAfterAnswer(socket);
}

/** Answers an extended CONNECT of HTTP/2 with an ordinary response; the connection goes on. */
export function refuseConnect(response: Http2ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, { 'Content-Type': 'application/json; charset=utf-8', ...refusal.headers });
  response.end(JSON.stringify(bodyOf(refusal)));
}

/** Ends a connection after its last answer. The client has `LINGER` to read the answer and to end its half. */
export function endAfterAnswer(socket: Duplex): void {
  socket.end();
  // With unread bytes the kernel would reset the connection, and the client would lose the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(timer));
}
