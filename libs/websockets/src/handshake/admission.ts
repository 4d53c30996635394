import type { IncomingHttpHeaders } from 'node:http';
import { ACCEPTED_ORIGIN_ENTRY, isOriginAllowed, isOriginEntry } from './origins.js';
import { SHUTTING_DOWN, type Refusal } from './refusal.js';
import { ACCEPTED_TRUST_PROXY, isTrustProxy, type ForwardedClient, type TrustProxy } from './trusted-proxies.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';
import { flag, number, type OptionRules } from '../connection/option-rules.js';

/** The options that decide which handshakes are let in. */
export interface AdmissionOptions {
  /**
   * The origins that may open WebSockets: entries such as `https://client.com` and `https://*.client.com`, `'*'` for any,
   * `'same-origin'` for the pages of this server, `file://` and its like for applications that have pages of their own.
   * Default `[]`, which allows every origin. A request without an Origin header is allowed, unless `requireOrigin` is set. A
   * refused origin gets 403.
   *
   * Pages cannot forge the header, but other programs can: it is not authentication.
   */
  allowedOrigins?: readonly string[];
  /** Whether a request without an Origin header, which no browser sends, is refused. Default false. */
  requireOrigin?: boolean;
  /** How many connections there may be; 0 for any number. Default 0. One too many gets 503 with `Retry-After`. */
  maxConnections?: number;
  /**
   * How many connections one client address may have; 0 for any number. Default 0. One too many gets 429. Behind a proxy
   * all clients have the address of the proxy, unless `trustProxy` names it.
   */
  maxConnectionsPerAddress?: number;
  /**
   * The proxies in front of the application that tell the truth about clients: their number, or their addresses and ranges
   * (`['10.0.0.0/8', '::1']`, `'loopback, unix'`). Default 0, none.
   *
   * `Forwarded` (RFC 7239) and `X-Forwarded-For`, `-Proto` and `-Host` of such a proxy give `remoteAddress`, the address that
   * `maxConnectionsPerAddress` counts, and the scheme and host of `'same-origin'`. A number is safe only if clients cannot
   * reach the application without these proxies. `loopback`, `linklocal` and `uniquelocal` are ranges; `unix` is a peer
   * without an address, as with a Unix socket.
   */
  trustProxy?: TrustProxy;
  /**
   * Counts connections for several processes, so that `maxConnections` and `maxConnectionsPerAddress` hold for all of them
   * together. Default false: they hold for this process.
   */
  sharedLimits?: SharedLimits | false;
}

/** A limit on the number of connections, by the name of its option. */
export type ConnectionLimit = 'maxConnections' | 'maxConnectionsPerAddress';

/** Counts the connections of several processes. It knows the limits. */
export interface SharedLimits {
  /**
   * Takes a place for a client. It is asked for each handshake that nothing else refuses, if there is a limit.
   *
   * @returns the limit that is reached; undefined if the client has a place, until `release`. If the promise is rejected,
   * the handshake gets 500.
   */
  take(remoteAddress: string): Promise<ConnectionLimit | undefined>;
  /** Gives the place back: the connection has ended, or the handshake led to none. */
  release(remoteAddress: string): void;
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
  trustProxy: { default: 0, accepted: ACCEPTED_TRUST_PROXY, accepts: isTrustProxy },
  sharedLimits: {
    default: false,
    accepted: 'an object with the methods take and release, or false',
    accepts: (value) => value === false || isSharedLimits(value),
  },
};

function isSharedLimits(value: unknown): value is SharedLimits {
  const methods = value as Partial<SharedLimits> | null;
  return typeof methods === 'object' && typeof methods?.take === 'function' && typeof methods.release === 'function';
}

/**
 * Why a handshake is refused before it is routed: the server shuts down, its origin is not allowed, or a limit is reached.
 * Undefined if nothing is against it.
 */
export function admissionRefusal(
  headers: IncomingHttpHeaders,
  client: ForwardedClient,
  connections: WebSocketConnections,
  options: Required<AdmissionOptions>,
): Refusal | undefined {
  if (connections.isDraining) {
    return SHUTTING_DOWN;
  }
  if (!isOriginAllowed({ origin: headers.origin, host: client.host ?? headers.host, scheme: client.scheme }, options)) {
    const option = headers.origin === undefined ? 'requireOrigin' : 'allowedOrigins';
    return { status: 403, reason: 'origin', message: `The origin is refused by the option ${option}.`, headers: {} };
  }
  const { maxConnections, maxConnectionsPerAddress } = options;
  if (maxConnections > 0 && connections.placesTaken >= maxConnections) {
    return limitRefusal('maxConnections', options);
  }
  if (maxConnectionsPerAddress > 0 && connections.sizeOf(client.address) >= maxConnectionsPerAddress) {
    return limitRefusal('maxConnectionsPerAddress', options);
  }
  return undefined;
}

/** The answer to a handshake that would exceed a limit. */
export function limitRefusal(limit: ConnectionLimit, options: Required<AdmissionOptions>): Refusal {
  const isOfAll = limit === 'maxConnections';
  return {
    status: isOfAll ? 503 : 429,
    reason: isOfAll ? 'limit' : 'address-limit',
    message: `There are as many WebSockets${isOfAll ? '' : ' of this address'} as ${limit} allows, which is ${options[limit]}.`,
    headers: { 'Retry-After': '5' },
  };
}
