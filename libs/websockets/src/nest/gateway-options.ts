import type { IncomingMessage } from 'node:http';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { Gateway } from './gateways.js';
import type { VerifyClient } from './verify-client.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import { resolveConnectionOptions, type WebSocketConnectionOptions } from '../connection/web-socket-options.js';

/**
 * A gateway's option that chooses the subprotocol, as in `ws`. It is called where the client offers any.
 *
 * @param protocols what the client offers, in its order of preference
 * @returns one of them, or false for none
 */
export type HandleProtocols = (protocols: Set<string>, request: IncomingMessage) => string | false;

/**
 * The options of a gateway of this library. Nest's decorator takes any object; this type has it checked:
 *
 * ```ts
 * @WebSocketGateway<WebSocketGatewayOptions>({ path: '/ws', maxMessageSize: 64 * 1024 })
 * ```
 *
 * An option that is not given is that of `WebSocketsModule`. The gateways at one path share their options.
 */
export interface WebSocketGatewayOptions extends WebSocketConnectionOptions {
  /** Compared in any case, with or without a slash at its end. Default `/`. */
  path?: string;
  /** Decides who may connect, as in `ws`. Default: everybody. */
  verifyClient?: VerifyClient | null;
  /** Chooses the subprotocol, as in `ws`. By default a stock gateway takes the first that is offered, a raw one none. */
  handleProtocols?: HandleProtocols | null;
  /** Of a stock gateway: `maxMessageSize` by the name of `ws`, in bytes; 0 is no limit. */
  maxPayload?: number;
  /** `dangerousEnableCompression` by the name of `ws`. */
  perMessageDeflate?: boolean | { serverNoContextTakeover?: boolean; serverMaxWindowBits?: number };
}

/** The options of the gateways at one path. */
export interface GatewayOptions {
  readonly verifyClient: VerifyClient | undefined;
  readonly handleProtocols: HandleProtocols | undefined;
  /** The gateways' own options, and the module's where they have none. */
  readonly connection: Required<WebSocketConnectionOptions>;
}

/** Options of `ws` that can have one value here, and why. */
const FIXED: Readonly<Record<string, readonly [value: boolean, reason: string]>> = {
  noServer: [true, 'the gateway has the HTTP server of the application'],
  clientTracking: [true, 'the clients are always known'],
  autoPong: [true, 'pings are always answered (RFC 6455 section 5.5.2)'],
  skipUTF8Validation: [false, 'text is always validated (RFC 6455 section 8.1)'],
  allowSynchronousEvents: [true, 'messages of one read may be handled in one turn of the event loop'],
};

/** Options that a gateway cannot have, and what to use instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  server: 'the gateway has the HTTP server of the application',
  port: 'write the port first, as in @WebSocketGateway(8080, { … })',
  host: 'give it to app.listen()',
  backlog: 'give it to app.listen()',
  namespace: 'use a path of its own',
  WebSocket: 'the clients are of the class WsCompatibleClient',
  maxFragments: 'fragments take no more memory than their bytes; use maxMessageSize',
  maxBufferedChunks: 'a client is not read while its messages wait; use maxMessageSize',
  maxPendingAutoPongs: 'a client that takes no pongs is not read; use sendBufferSize',
  allowedOrigins: 'use it in WebSocketsModule, for all gateways, or verifyClient',
  requireOrigin: 'use it in WebSocketsModule, for all gateways, or verifyClient',
  maxConnections: 'use it in WebSocketsModule, for all gateways, or verifyClient',
  maxConnectionsPerAddress: 'use it in WebSocketsModule, for all gateways, or verifyClient',
  trustProxy: 'use it in WebSocketsModule, for all gateways',
  sharedLimits: 'use it in WebSocketsModule, for all gateways',
  shutdownTimeout: 'use it in WebSocketsModule, for all gateways',
  drainDelay: 'use it in WebSocketsModule, for all gateways',
  drainSpread: 'use it in WebSocketsModule, for all gateways',
  cors: 'use allowedOrigins of WebSocketsModule',
  allowRequest: 'use verifyClient',
  maxHttpBufferSize: 'use maxMessageSize',
  pingInterval: 'use keepAliveInterval',
  pingTimeout: 'use keepAliveTimeout',
};

/** Options of `ws` that `WsAdapter` passes on where a gateway has a port of its own. */
const OF_OWN_PORT = new Set([
  ...Object.keys(FIXED),
  'path',
  'verifyClient',
  'handleProtocols',
  'perMessageDeflate',
  'maxPayload',
  'maxFragments',
  'maxBufferedChunks',
  'maxPendingAutoPongs',
  'closeTimeout',
  'WebSocket',
]);

/** Of those, what `WsAdapter` passes on only to a gateway without a path. */
const OF_OWN_PORT_WITHOUT_PATH = new Set(['host', 'backlog']);

/**
 * Reads the options of the gateways at one path, which are those of one server.
 *
 * @param isRaw whether a raw gateway is there
 * @param ofModule the options for which the gateways have no value
 * @throws WebSocketError `WS_INVALID_OPTION` that names every option that cannot be honoured, and what to use instead;
 * `WS_GATEWAY_CONFLICT` when two gateways have different values of one
 */
export function readGatewayOptions(
  gateways: readonly Gateway[],
  isRaw: boolean,
  ofModule: Required<WebSocketConnectionOptions>,
): GatewayOptions {
  const { verifyClient, handleProtocols, ...given } = mergedOptions(gateways);
  const reader = new OptionReader(gateways);
  const connection: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(FIXED, name)) {
      reader.checkFixed(name, value);
    } else if (Object.hasOwn(INSTEAD, name)) {
      reader.refuse(name, INSTEAD[name]);
    } else if (name === 'maxPayload') {
      if (isRaw) {
        reader.refuse(name, 'use maxMessageSize, which messages() keeps to; receive() streams and needs no limit');
      } else if ('maxMessageSize' in given) {
        reader.refuse(name, 'maxMessageSize is given, and says the same');
      } else {
        connection.maxMessageSize = value === 0 ? Number.MAX_SAFE_INTEGER : value;
      }
    } else if (name === 'perMessageDeflate') {
      Object.assign(connection, reader.readDeflate(value));
    } else {
      connection[name] = value;
    }
  }
  reader.requireFunction('verifyClient', verifyClient);
  reader.requireFunction('handleProtocols', handleProtocols);
  reader.throwFaults();
  return {
    verifyClient: (verifyClient ?? undefined) as VerifyClient | undefined,
    handleProtocols: (handleProtocols ?? undefined) as HandleProtocols | undefined,
    connection: resolveConnectionOptions(connection, ofModule, reader.name),
  };
}

/**
 * Checks the options of a stock gateway with a port of its own, which `WsAdapter` serves.
 *
 * @throws WebSocketError `WS_INVALID_OPTION` that names every option that `WsAdapter` would ignore
 */
export function checkOwnPortOptions(gateways: readonly Gateway[]): void {
  const given = mergedOptions(gateways);
  const hasPath = gateways.some(({ path }) => path !== '');
  const reader = new OptionReader(gateways);
  for (const name of Object.keys(given)) {
    if (OF_OWN_PORT_WITHOUT_PATH.has(name)) {
      if (hasPath) {
        reader.refuse(name, 'WsAdapter heeds it only where the gateway has no path');
      }
    } else if (!OF_OWN_PORT.has(name)) {
      reader.refuse(name, 'WsAdapter serves a gateway with a port of its own, and does not know it');
    }
  }
  reader.throwFaults();
}

/** The options of gateways that share a server, other than their path. */
function mergedOptions(gateways: readonly Gateway[]): Record<string, unknown> {
  const owners = new Map<string, Gateway>();
  const merged: Record<string, unknown> = {};
  for (const gateway of gateways) {
    for (const [name, value] of Object.entries(gateway.options)) {
      if (name === 'path' || value === undefined) {
        continue;
      }
      const owner = owners.get(name);
      if (owner !== undefined && !isDeepStrictEqual(merged[name], value)) {
        throw new WebSocketError(
          'WS_GATEWAY_CONFLICT',
          `${owner.name} and ${gateway.name} have the same path "${gateway.path}", but different values of the option ${name}.`,
        );
      }
      owners.set(name, gateway);
      merged[name] = value;
    }
  }
  return merged;
}

/** Collects what is wrong with options, so that one error tells all of it. */
class OptionReader {
  /** The gateways, for errors. */
  readonly name: string;
  private readonly faults: string[] = [];

  constructor(gateways: readonly Gateway[]) {
    this.name = gateways.map(({ name }) => name).join(' and ');
  }

  refuse(option: string, instead: string): void {
    this.faults.push(`the option ${option} cannot be used: ${instead}`);
  }

  checkFixed(option: string, value: unknown): void {
    const [only, reason] = FIXED[option];
    if (value !== only) {
      this.faults.push(`the option ${option} is ${inspect(value)}, but must be ${only}: ${reason}`);
    }
  }

  requireFunction(option: string, value: unknown): void {
    if (value !== undefined && value !== null && typeof value !== 'function') {
      this.faults.push(`the option ${option} is ${inspect(value)}, but must be a function`);
    }
  }

  /** Reads `perMessageDeflate` of `ws`. */
  readDeflate(value: unknown): WebSocketConnectionOptions {
    if (typeof value === 'boolean') {
      return { dangerousEnableCompression: value };
    }
    if (typeof value !== 'object' || value === null) {
      this.faults.push(`the option perMessageDeflate is ${inspect(value)}, but must be a boolean or an object`);
      return {};
    }
    const { serverNoContextTakeover, serverMaxWindowBits, ...others } = value as Record<string, unknown>;
    for (const name of Object.keys(others)) {
      this.refuse(`perMessageDeflate.${name}`, 'serverNoContextTakeover and serverMaxWindowBits can be');
    }
    return {
      dangerousEnableCompression: true,
      disableServerContextTakeover: serverNoContextTakeover as boolean | undefined,
      serverMaxWindowBits: serverMaxWindowBits as number | undefined,
    };
  }

  throwFaults(): void {
    if (this.faults.length > 0) {
      throw new WebSocketError('WS_INVALID_OPTION', `${this.name}: ${this.faults.join('; ')}.`);
    }
  }
}
