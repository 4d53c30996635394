import type { IncomingMessage } from 'node:http';
import { GatewayServer } from './gateway-server.js';
import { guardHandlers, isRaw, type Gateway } from './gateways.js';
import { MessageClient } from './message-client.js';
import { callHandler, runHandler, serveConnection } from './serve-connection.js';
import type { WebSocketConnection } from './web-socket-connection.js';
import { WebSocketError } from './web-socket-error.js';

/** What is at a path: what its gateways know as their server, and what happens to a connection. */
export interface GatewayEndpoint {
  readonly server: GatewayServer;
  readonly connect: (connection: WebSocketConnection, request: IncomingMessage) => void;
}

/** The server of a raw gateway. */
export class RawGatewayServer extends GatewayServer<WebSocketConnection> {}

/**
 * Makes what is at a path of its gateways: one raw gateway, or any number of stock ones.
 *
 * @throws WebSocketError `WS_GATEWAY_CONFLICT`, `WS_GATEWAY_SCOPE`
 */
export function createEndpoint(path: string, gateways: readonly Gateway[]): GatewayEndpoint {
  const raw = gateways.find(isRaw);
  if (raw === undefined) {
    return createStockEndpoint(path, gateways);
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
  return createRawEndpoint(path, raw);
}

function createRawEndpoint(path: string, { name, instance }: Gateway): GatewayEndpoint {
  const server = new RawGatewayServer(path);
  const handle = (connection: WebSocketConnection, request: IncomingMessage): unknown => {
    server.emit('connection', connection, request);
    return instance.handleConnection?.(connection, request);
  };
  const connect: GatewayEndpoint['connect'] = (connection, request) => {
    server.clients.add(connection);
    void serveConnection(connection, `${name}.handleConnection`, callHandler(handle, connection, request));
    void connection.closed.then((closed) => {
      server.clients.delete(connection);
      return runHandler(`${name}.handleDisconnect`, () => instance.handleDisconnect?.(connection, closed));
    });
  };
  return { server, connect };
}

function createStockEndpoint(path: string, gateways: readonly Gateway[]): GatewayEndpoint {
  const server = new GatewayServer<MessageClient>(path);
  gateways.forEach(guardHandlers);
  const handle = (client: MessageClient, request: IncomingMessage): Promise<void> => {
    server.emit('connection', client, request);
    return client.receive();
  };
  const connect: GatewayEndpoint['connect'] = (connection, request) => {
    const client = new MessageClient(connection);
    server.clients.add(client);
    client.once('close', () => server.clients.delete(client));
    void serveConnection(connection, `The gateway at ${path}`, callHandler(handle, client, request));
  };
  return { server, connect };
}
