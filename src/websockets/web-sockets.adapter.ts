import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { gatewayPath } from './gateway-path.js';
import { GatewayServer } from './gateway-server.js';
import { findGateways, guardConnectionHandler, isRaw, type Gateway } from './gateways.js';
import {
  acceptUpgrade,
  hasUnsupportedVersion,
  isWebSocketRequest,
  refuseUpgrade,
  SHUTTING_DOWN,
  unsupportedVersion,
} from './handshake.js';
import { MessageClient } from './message-client.js';
import { handleAsOrdinaryRequest } from './ordinary-request.js';
import { acceptDeflate } from './protocol/permessage-deflate.js';
import { providersOf } from './providers.js';
import { runHandler, serveConnection } from './serve-connection.js';
import { WebSocketConnection } from './web-socket-connection.js';
import { WebSocketConnections } from './web-socket-connections.js';
import { WebSocketError } from './web-socket-error.js';
import type { WebSocketOptions } from './web-socket-options.js';

/** What happens to a connection to a gateway's path. */
type ConnectionHandler = (connection: WebSocketConnection, request: IncomingMessage) => void;

/** The port that a gateway has which shares the application's HTTP server. */
const APPLICATION_PORT = 0;

/**
 * Serves gateways over raw WebSockets, on the application's own HTTP server:
 *
 * - a gateway without `@SubscribeMessage` handlers gets each connection as a `WebSocketConnection`, and the promise of
 *   its `handleConnection` is that connection's life
 * - a stock gateway, with such handlers, works as under `WsAdapter`
 * - an upgrade request that is for no gateway, or that is no WebSocket request, goes through the HTTP pipeline
 *
 * Gateways with a port of their own are left to `WsAdapter`.
 */
export class WebSocketsAdapter extends WsAdapter {
  private readonly handlers = new Map<string, ConnectionHandler>();
  private readonly server: Server;
  private readonly connections: WebSocketConnections;
  private readonly options: Required<WebSocketOptions>;

  /** @throws WebSocketError `WS_MODULE_MISSING` */
  constructor(private readonly app: INestApplication) {
    super(app);
    const connections: unknown = providersOf(app).find(({ token }) => token === WebSocketConnections)?.instance;
    if (!(connections instanceof WebSocketConnections)) {
      throw new WebSocketError(
        'WS_MODULE_MISSING',
        'useWebSockets(app) needs WebSocketsModule.forRoot() or forRootAsync() in the imports of a module of the application.',
      );
    }
    this.connections = connections;
    this.options = connections.options;
    this.server = app.getHttpServer() as Server;
    this.server.on('upgrade', this.onUpgrade);
  }

  /** @throws WebSocketError `WS_GATEWAY_CONFLICT` */
  override create(port: number, options: Parameters<WsAdapter['create']>[1] & { path?: string } = {}): unknown {
    if (port !== APPLICATION_PORT) {
      return super.create(port, options) as unknown;
    }
    const path = gatewayPath(options.path ?? '');
    const gateways = findGateways(this.app).filter(
      (gateway) => gateway.port === APPLICATION_PORT && gatewayPath(gateway.path) === path,
    );
    const raw = gateways.find(isRaw);
    if (raw !== undefined && gateways.length > 1) {
      const names = gateways.map(({ name }) => name).join(' and ');
      const message = `${names} have the same path "${path}", and ${raw.name} has no @SubscribeMessage handlers: it must have a path of its own.`;
      throw new WebSocketError('WS_GATEWAY_CONFLICT', message);
    }
    return raw === undefined ? this.createStockServer(path, gateways) : this.createRawServer(path, raw);
  }

  override bindClientConnect(server: unknown, callback: (...args: unknown[]) => void): void {
    // The handlers of raw gateways are called by `serveConnection`, which waits for their promises.
    if (!(server instanceof RawGatewayServer)) {
      super.bindClientConnect(server, callback);
    }
  }

  override async close(server: never): Promise<void> {
    if (!((server as unknown) instanceof GatewayServer)) {
      await super.close(server);
    }
  }

  override async dispose(): Promise<void> {
    this.server.off('upgrade', this.onUpgrade);
    await super.dispose();
  }

  private createRawServer(path: string, gateway: Gateway): RawGatewayServer {
    const server = new RawGatewayServer(path);
    this.handlers.set(path, (connection, request) => {
      server.clients.add(connection);
      void serveConnection(connection, `${gateway.name}.handleConnection`, async () => {
        await gateway.instance.handleConnection?.(connection, request);
      });
      void connection.closed.then((closed) => {
        server.clients.delete(connection);
        return runHandler(`${gateway.name}.handleDisconnect`, async () => {
          await gateway.instance.handleDisconnect?.(connection, closed);
        });
      });
    });
    return server;
  }

  private createStockServer(path: string, gateways: readonly Gateway[]): GatewayServer<MessageClient> {
    const server = new GatewayServer<MessageClient>(path);
    gateways.forEach(guardConnectionHandler);
    this.handlers.set(path, (connection, request) => {
      const client = new MessageClient(connection);
      server.clients.add(client);
      client.once('close', () => server.clients.delete(client));
      server.emit('connection', client, request);
      void serveConnection(connection, `The gateway at ${path}`, () => client.receive());
    });
    return server;
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const handler = this.handlers.get(gatewayPath(request.url ?? '/'));
    if (handler !== undefined && isWebSocketRequest(request)) {
      socket.on('error', ignore);
      this.accept(handler, request, socket, head);
    } else if (handler !== undefined && hasUnsupportedVersion(request)) {
      socket.on('error', ignore);
      refuseUpgrade(socket, unsupportedVersion(request), this.options.closeTimeout);
    } else {
      handleAsOrdinaryRequest(this.server, request, socket, head);
    }
  };

  private accept(handler: ConnectionHandler, request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.connections.isDraining) {
      refuseUpgrade(socket, SHUTTING_DOWN, this.options.closeTimeout);
      return;
    }
    socket.setTimeout(0);
    socket.setNoDelay(true);
    const deflate = this.options.dangerousEnableCompression
      ? acceptDeflate(request.headers['sec-websocket-extensions'], this.options)
      : undefined;
    acceptUpgrade(request, socket, deflate?.header);
    if (head.length > 0) {
      socket.unshift(head);
    }
    const connection = new WebSocketConnection(socket, this.options, undefined, deflate?.parameters);
    this.connections.add(connection);
    handler(connection, request);
  }
}

class RawGatewayServer extends GatewayServer<WebSocketConnection> {}

/** A client that goes away during the handshake costs nothing. */
function ignore(): void {}
