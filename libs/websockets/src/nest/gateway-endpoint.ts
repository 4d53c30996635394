import { Logger } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { checkOwnPortOptions, readGatewayOptions, type GatewayOptions } from './gateway-options.js';
import { GatewayServer } from './gateway-server.js';
import { guardHandlers, isRaw, type Gateway } from './gateways.js';
import type { Refusal } from '../handshake/handshake.js';
import { MessageClient } from './message-client.js';
import { callHandler, runHandler, serveConnection } from './serve-connection.js';
import { refusalBy } from './verify-client.js';
import type { ServerConnection } from '../connection/server-connection.js';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import type { WebSocketUpgrade } from '../handshake/web-socket-upgrade.js';

const logger = new Logger('WebSockets');

/** What is at a path: what its gateways know as their server, and what happens to a handshake. */
export interface GatewayEndpoint {
  readonly server: GatewayServer;
  /** Asks the gateways' `verifyClient`, where they have one, why a client may not connect. */
  readonly verify: ((request: IncomingMessage) => Promise<Refusal | undefined>) | undefined;
  /** Accepts a handshake and hands the connection to the gateways. False when that failed, which is in the log. */
  readonly connect: (upgrade: WebSocketUpgrade, request: IncomingMessage) => Promise<boolean>;
}

/** The server of a raw gateway. */
export class RawGatewayServer extends GatewayServer<WebSocketConnection> {}

/**
 * Makes what is at a path of its gateways: one raw gateway, or any number of stock ones.
 *
 * @throws WebSocketError `WS_GATEWAY_CONFLICT`, `WS_GATEWAY_SCOPE`, `WS_INVALID_OPTION`
 */
export function createEndpoint(path: string, gateways: readonly Gateway[]): GatewayEndpoint {
  const raw = gateways.find(isRaw);
  const options = readGatewayOptions(gateways, raw !== undefined);
  if (raw === undefined) {
    return createStockEndpoint(path, gateways, options);
  }
  checkRaw(path, raw, gateways);
  return createRawEndpoint(path, raw, options);
}

/**
 * Checks gateways that have a port of their own, which `WsAdapter` serves.
 *
 * @throws WebSocketError `WS_INVALID_OPTION`
 */
export function checkOwnPort(port: number, gateways: readonly Gateway[]): void {
  const raw = gateways.find(isRaw);
  if (raw !== undefined) {
    const message = `${raw.name} has the port ${port}, but a gateway without @SubscribeMessage handlers can only have that of the application. Leave the port out.`;
    throw new WebSocketError('WS_INVALID_OPTION', message);
  }
  checkOwnPortOptions(gateways);
  const names = gateways.map(({ name }) => name).join(' and ');
  logger.warn(`WsAdapter serves port ${port} of ${names}: the options of WebSocketsModule do not hold there.`);
}

/** @throws WebSocketError where a raw gateway is not the only one at its path, or there is not one of it */
function checkRaw(path: string, raw: Gateway, gateways: readonly Gateway[]): void {
  const twin = gateways.find((gateway) => gateway !== raw && gateway.name === raw.name);
  if (twin !== undefined) {
    const message = `${raw.name} is a provider of two modules, ${raw.module} and ${twin.module}, so there are two of it at "${path}". Let one module provide and export it.`;
    throw new WebSocketError('WS_GATEWAY_CONFLICT', message);
  }
  if (gateways.length > 1) {
    const names = gateways.map(({ name }) => name).join(' and ');
    const message = `${names} have the same path "${path}", and ${raw.name} has no @SubscribeMessage handlers: it must have a path of its own.`;
    throw new WebSocketError('WS_GATEWAY_CONFLICT', message);
  }
  if (!raw.isSingleton) {
    const message = `${raw.name} has no @SubscribeMessage handlers, so there must be one of it, but it or what it is injected is request-scoped or transient. Get that with ModuleRef.resolve() in handleConnection, or accept in a controller.`;
    throw new WebSocketError('WS_GATEWAY_SCOPE', message);
  }
}

function createRawEndpoint(path: string, { name, instance }: Gateway, options: GatewayOptions): GatewayEndpoint {
  const server = new RawGatewayServer(path);
  const handle = (connection: WebSocketConnection, request: IncomingMessage): unknown => {
    server.emit('connection', connection, request);
    return instance.handleConnection?.(connection, request);
  };
  return createOne(server, name, options, undefined, (connection, request) => {
    server.clients.add(connection);
    void serveConnection(connection, `${name}.handleConnection`, callHandler(handle, connection, request));
    void connection.closed.then((closed) => {
      server.clients.delete(connection);
      return runHandler(`${name}.handleDisconnect`, () => instance.handleDisconnect?.(connection, closed));
    });
  });
}

function createStockEndpoint(path: string, gateways: readonly Gateway[], options: GatewayOptions): GatewayEndpoint {
  const server = new GatewayServer<MessageClient>(path);
  const name = `The gateway at ${path}`;
  gateways.forEach(guardHandlers);
  const handle = (client: MessageClient, request: IncomingMessage): Promise<void> => {
    server.emit('connection', client, request);
    return client.receive();
  };
  return createOne(server, name, options, firstOffered, (connection, request) => {
    const client = new MessageClient(connection);
    server.clients.add(client);
    client.once('close', () => server.clients.delete(client));
    void serveConnection(connection, name, callHandler(handle, client, request));
  });
}

/** What `ws` chooses where nothing is said. */
function firstOffered(protocols: Set<string>): string | false {
  return protocols.values().next().value ?? false;
}

/**
 * @param chooseProtocol where the gateways have no `handleProtocols`; undefined for none
 * @param handOver gives the gateways a connection
 */
function createOne(
  server: GatewayServer,
  name: string,
  { verifyClient, handleProtocols, connection: options }: GatewayOptions,
  chooseProtocol: GatewayOptions['handleProtocols'],
  handOver: (connection: ServerConnection, request: IncomingMessage) => void,
): GatewayEndpoint {
  const choose = handleProtocols ?? chooseProtocol;
  const accept = (upgrade: WebSocketUpgrade, request: IncomingMessage): void => {
    const { requestedProtocols } = upgrade;
    const subprotocol = (requestedProtocols.length > 0 && choose?.(new Set(requestedProtocols), request)) || undefined;
    handOver(upgrade.accept({ ...options, subprotocol }), request);
  };
  return {
    server,
    verify: verifyClient && ((request) => refusalBy(verifyClient, `${name}: verifyClient`, request)),
    connect: (upgrade, request) => runHandler(`${name}: the handshake`, () => accept(upgrade, request)),
  };
}
