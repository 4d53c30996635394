import type { IncomingHttpHeaders } from 'node:http';
import { SHUTTING_DOWN, type Refusal } from './handshake-request.js';
import { isOriginAllowed } from './origins.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';

/**
 * Whether one more WebSocket is let in, on whatever path: asked before routing, of WebSocket requests only.
 *
 * @returns why not, or nothing
 */
export function refusalOf(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
  connections: WebSocketConnections,
): Refusal | undefined {
  const { options } = connections;
  if (connections.isDraining) {
    return SHUTTING_DOWN;
  }
  if (!isOriginAllowed({ origin: headers.origin, host: headers.host }, options)) {
    const option = headers.origin === undefined ? 'requireOrigin' : 'allowedOrigins';
    return { status: 403, message: `The origin is refused by the option ${option}.`, headers: {} };
  }
  const { maxConnections, maxConnectionsPerAddress } = options;
  if (maxConnections > 0 && connections.placesTaken >= maxConnections) {
    return {
      status: 503,
      message: `There are as many WebSockets as maxConnections allows, which is ${maxConnections}.`,
      headers: { 'Retry-After': '5' },
    };
  }
  if (maxConnectionsPerAddress > 0 && connections.sizeOf(remoteAddress ?? '') >= maxConnectionsPerAddress) {
    return {
      status: 429,
      message: `There are as many WebSockets of this address as maxConnectionsPerAddress allows, which is ${maxConnectionsPerAddress}.`,
      headers: { 'Retry-After': '5' },
    };
  }
  return undefined;
}
