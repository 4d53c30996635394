import { Logger } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ServerConnection } from '../connection/server-connection.js';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import type { WebSocketConnectionOptions } from '../connection/web-socket-options.js';
import type { PendingUpgrade } from '../handshake/pending-upgrade.js';
import {
  checkOwnPortOptions,
  readGatewayOptions,
  type GatewayOptions,
  type HandleProtocols,
} from './gateway-options.js';
import { guardHandlers, isRaw, type Gateway } from './gateways.js';
import { callHandler, runHandler, runSynchronousHandler, serveConnection } from './serve-connection.js';
import type { HandshakeEndpoint } from '../handshake/handshake-server.js';
import { refusalBy } from './verify-client.js';
import { WsCompatibleClient } from './ws-compatible-client.js';

const logger = new Logger('WebSockets');

/**
 * The server of a gateway, as `@WebSocketServer()` and `afterInit` get it. The clients of a raw gateway are
 * `WebSocketConnection`s, those of a stock gateway `WsCompatibleClient`s.
 *
 * Emits `connection` with the client and the request of each handshake.
 */
export class GatewayServer<Client = unknown> extends EventEmitter {
  /** The clients that are connected now. */
  readonly clients = new Set<Client>();

  constructor(
    /** The gateway's path, in lower case and without a slash at its end. */
    readonly path: string,
  ) {
    super();
  }
}

/** The server of a raw gateway. */
export class RawGatewayServer extends GatewayServer<WebSocketConnection> {}

/** The gateways at one path, as the adapter sees them. */
export interface GatewayEndpoint extends HandshakeEndpoint {
  readonly server: GatewayServer;
}

/**
 * Makes the endpoint of a path: one raw gateway, or any number of stock gateways.
 *
 * @param ofModule the options for which the gateways have no value
 * @throws WebSocketError `WS_GATEWAY_KIND`, `WS_GATEWAY_CONFLICT`, `WS_GATEWAY_SCOPE`, `WS_INVALID_OPTION`
 */
export function createEndpoint(
  path: string,
  gateways: readonly Gateway[],
  ofModule: Required<WebSocketConnectionOptions>,
): GatewayEndpoint {
  const raw = gateways.find(isRaw);
  const options = readGatewayOptions(gateways, raw !== undefined, ofModule);
  if (raw === undefined) {
    return createStockEndpoint(path, gateways, options);
  }
  checkRaw(path, raw, gateways);
  return createRawEndpoint(path, raw, options);
}

/**
 * Checks gateways that have a port of their own, which `WsAdapter` serves.
 *
 * @throws WebSocketError `WS_GATEWAY_KIND`, `WS_INVALID_OPTION`
 */
export function checkOwnPort(port: number, gateways: readonly Gateway[]): void {
  const raw = gateways.find(isRaw);
  if (raw !== undefined) {
    const message = `${raw.name} has the port ${port}, but a gateway with handleWebSocket can only have the port of the application. Leave the port out.`;
    throw new WebSocketError('WS_INVALID_OPTION', message);
  }
  checkOwnPortOptions(gateways);
  const names = gateways.map(({ name }) => name).join(' and ');
  logger.warn(`WsAdapter serves port ${port} of ${names}: the options of WebSocketsModule do not apply there.`);
}

/** @throws WebSocketError where a raw gateway shares its path, or has more than one instance */
function checkRaw(path: string, raw: Gateway, gateways: readonly Gateway[]): void {
  const twin = gateways.find((gateway) => gateway !== raw && gateway.name === raw.name);
  if (twin !== undefined) {
    const message = `${raw.name} is a provider of two modules, ${raw.module} and ${twin.module}, so it has two instances at "${path}". Let one module provide and export it.`;
    throw new WebSocketError('WS_GATEWAY_CONFLICT', message);
  }
  if (gateways.length > 1) {
    const names = gateways.map(({ name }) => name).join(' and ');
    const message = `${names} have the same path "${path}", but ${raw.name} has handleWebSocket and so needs a path of its own.`;
    throw new WebSocketError('WS_GATEWAY_CONFLICT', message);
  }
  if (!raw.isSingleton) {
    const message = `${raw.name} has handleWebSocket and so must have one instance, but it or one of its dependencies is request-scoped or transient. Get that with ModuleRef.resolve() in handleWebSocket, or accept in a controller.`;
    throw new WebSocketError('WS_GATEWAY_SCOPE', message);
  }
}

function createRawEndpoint(path: string, { name, instance }: Gateway, options: GatewayOptions): GatewayEndpoint {
  const server = new RawGatewayServer(path);
  const handlerName = `${name}.handleWebSocket`;
  const handle = (connection: WebSocketConnection, request: IncomingMessage): unknown => {
    server.emit('connection', connection, request);
    return instance.handleWebSocket?.(connection, request);
  };
  return endpointOf(server, name, options, noProtocol, (connection, request) => {
    server.clients.add(connection);
    void serveConnection(connection, handlerName, callHandler(handle, connection, request));
    void connection.closed.then((closed) => {
      server.clients.delete(connection);
      if (instance.handleDisconnect !== undefined) {
        void runHandler(`${name}.handleDisconnect`, () => instance.handleDisconnect?.(connection, closed));
      }
    });
  });
}

function createStockEndpoint(path: string, gateways: readonly Gateway[], options: GatewayOptions): GatewayEndpoint {
  const server = new GatewayServer<WsCompatibleClient>(path);
  const name = `The gateway at ${path}`;
  gateways.forEach(guardHandlers);
  const handle = (client: WsCompatibleClient, request: IncomingMessage): Promise<void> => {
    server.emit('connection', client, request); // Nest calls handleConnection
    return client.emitMessages();
  };
  return endpointOf(server, name, options, firstOffered, (connection, request) => {
    const client = new WsCompatibleClient(connection);
    server.clients.add(client);
    client.once('close', () => server.clients.delete(client));
    void serveConnection(connection, name, callHandler(handle, client, request));
  });
}

/** The choice of a raw gateway without `handleProtocols`. */
function noProtocol(): false {
  return false;
}

/** The choice of `ws`, and so of a stock gateway, without `handleProtocols`. */
function firstOffered(protocols: Set<string>): string | false {
  return protocols.values().next().value ?? false;
}

/**
 * @param chooseProtocol for gateways without `handleProtocols`
 * @param handOver gives the gateways a connection
 */
function endpointOf(
  server: GatewayServer,
  name: string,
  { verifyClient, handleProtocols, connection: options }: GatewayOptions,
  chooseProtocol: HandleProtocols,
  handOver: (connection: ServerConnection, request: IncomingMessage) => void,
): GatewayEndpoint {
  const choose = handleProtocols ?? chooseProtocol;
  const handshakeName = `${name}: the handshake`;
  const accept = (upgrade: PendingUpgrade, request: IncomingMessage): void => {
    const { requestedProtocols } = upgrade;
    const subprotocol = (requestedProtocols.length > 0 && choose(new Set(requestedProtocols), request)) || undefined;
    handOver(upgrade.acceptWith(options, subprotocol), request);
  };
  return {
    server,
    verify: verifyClient && ((request) => refusalBy(verifyClient, `${name}: verifyClient`, request)),
    connect: (upgrade, request) => runSynchronousHandler(handshakeName, () => accept(upgrade, request)),
  };
}
