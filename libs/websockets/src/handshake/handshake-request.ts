import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/** The version of RFC 6455, the only one in use. */
export const WEB_SOCKET_VERSION = '13';

/** Base64 of exactly 16 bytes. It does not match the comma with which Node.js joins two keys. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Whether a request asks for a WebSocket over HTTP/1.1: GET, `Upgrade: websocket`, `Connection: upgrade`, version 13 and
 * a key. Tokens match in any case and in lists (RFC 6455 section 4.2.1).
 */
export function isWebSocketRequest(request: IncomingMessage): boolean {
  return (
    isUpgradeToWebSocket(request) &&
    request.headers['sec-websocket-version'] === WEB_SOCKET_VERSION &&
    KEY.test(request.headers['sec-websocket-key'] ?? '')
  );
}

/** Whether a request would be a WebSocket request if its version were 13 (RFC 6455 section 4.4). */
export function hasUnsupportedVersion(request: IncomingMessage): boolean {
  const version = request.headers['sec-websocket-version'];
  return isUpgradeToWebSocket(request) && version !== undefined && version !== WEB_SOCKET_VERSION;
}

/** Whether a CONNECT of HTTP/2 asks for a WebSocket, of whatever version (RFC 8441 section 5). */
export function isConnectToWebSocket({ headers }: Http2ServerRequest): boolean {
  return String(headers[':protocol']).toLowerCase() === 'websocket';
}

/**
 * Whether a request has as many headers as the HTTP server keeps: it drops further ones silently.
 *
 * @param limit `maxHeadersCount` of the server, where 0 is no limit; null and undefined stand for the 1000 of Node.js
 */
export function mayLackHeaders({ rawHeaders }: IncomingMessage, limit: number | null | undefined): boolean {
  return rawHeaders.length >= 2 * ((limit ?? 1000) || Infinity);
}

function isUpgradeToWebSocket(request: IncomingMessage): boolean {
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

/** A request with a body is an ordinary request, whatever its Upgrade says. */
function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

function hasToken(header: string | undefined, token: string): boolean {
  const tokens = header?.toLowerCase();
  return tokens === token || (tokens?.split(',').some((entry) => entry.trim() === token) ?? false);
}
