import type { IncomingHttpHeaders } from 'node:http';
import { ACCEPTED_ORIGIN_ENTRY, isOriginAllowed, isOriginEntry } from './origins.js';
import { SHUTTING_DOWN, type Refusal } from './refusal.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';
import { flag, number, type OptionRules } from '../connection/web-socket-options.js';

/** The options that decide which handshakes are let in. */
export interface AdmissionOptions {
  /**
   * The origins that may open WebSockets: entries such as `https://client.com` and `https://*.client.com`, `'*'` for any,
   * `'same-origin'` for the pages of this server, `file://` and its like for applications that bring their pages along. Default `[]`, which allows every origin; so does a request without
   * an Origin header. A refused one gets 403.
   *
   * Browsers send the header and nobody can forge it there; everybody else can, so it authenticates nobody.
   */
  allowedOrigins?: readonly string[];
  /** Whether a request without an Origin header, which no browser sends, is refused. Default false. */
  requireOrigin?: boolean;
  /** How many connections there may be; 0 for any number. Default 0. One too many gets 503 with `Retry-After`. */
  maxConnections?: number;
  /**
   * How many connections one client address may have; 0 for any number. Default 0. One too many gets 429. Behind a proxy
   * all clients have the proxy's address.
   */
  maxConnectionsPerAddress?: number;
}

/** The rules of these options. */
export const admissionRules: OptionRules<AdmissionOptions> = {
  allowedOrigins: {
    default: [],
    accepted: `a list, each entry of which is ${ACCEPTED_ORIGIN_ENTRY}`,
    accepts: (value) => Array.isArray(value) && value.every(isOriginEntry),
  },
  requireOrigin: flag(false),
  maxConnections: number(0, 'connections', 0),
  maxConnectionsPerAddress: number(0, 'connections', 0),
};

/**
 * Why a handshake is refused before it is routed: the server shuts down, its origin is not allowed, or a limit is reached.
 * Undefined if nothing is against it.
 */
export function admissionRefusal(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
  connections: WebSocketConnections,
  options: Required<AdmissionOptions>,
): Refusal | undefined {
  if (connections.isDraining) {
    return SHUTTING_DOWN;
  }
  if (!isOriginAllowed({ origin: headers.origin, host: headers.host }, options)) {
    const option = headers.origin === undefined ? 'requireOrigin' : 'allowedOrigins';
    return { status: 403, reason: 'origin', message: `The origin is refused by the option ${option}.`, headers: {} };
  }
  const { maxConnections, maxConnectionsPerAddress } = options;
  if (maxConnections > 0 && connections.placesTaken >= maxConnections) {
    return {
      status: 503,
      reason: 'limit',
      message: `There are as many WebSockets as maxConnections allows, which is ${maxConnections}.`,
      headers: { 'Retry-After': '5' },
    };
  }
  if (maxConnectionsPerAddress > 0 && connections.sizeOf(remoteAddress ?? '') >= maxConnectionsPerAddress) {
    return {
      status: 429,
      reason: 'address-limit',
      message: `There are as many WebSockets of this address as maxConnectionsPerAddress allows, which is ${maxConnectionsPerAddress}.`,
      headers: { 'Retry-After': '5' },
    };
  }
  return undefined;
}
