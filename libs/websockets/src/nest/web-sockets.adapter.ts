import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { Server } from 'node:http';
import { ignoreElements, tap } from 'rxjs';
import {
  checkOwnPort,
  createEndpoint,
  GatewayServer,
  RawGatewayServer,
  type GatewayEndpoint,
} from './gateway-endpoint.js';
import { findGateways, gatewayPath } from './gateways.js';
import { refuseMalformedHosts } from './malformed-hosts.js';
import { providersOf } from './nest-internals.js';
import { WebSocketLifetimeInterceptor } from './lifetime-interceptor.js';
import { setUpgrade, setUpgradeRefusal } from './web-socket-manager.js';
import { WEB_SOCKET_OPTIONS, type WebSocketOptions } from './module-options.js';
import { logFailure } from './serve-connection.js';
import { WsCompatibleClient } from './ws-compatible-client.js';
import { WebSocketConnections } from '../connection/web-socket-connections.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import { HandshakeServer } from '../handshake/handshake-server.js';
import { TrustedProxies } from '../handshake/trusted-proxies.js';

/** The port that a gateway has which shares the application's HTTP server. */
const APPLICATION_PORT = 0;

/** The HTTP servers whose handshakes an adapter answers. A second adapter would answer them, too. */
const served = new WeakSet<Server>();

/**
 * Serves gateways over raw WebSockets, on the application's own HTTP server, over HTTP/1.1 and, where that server has
 * HTTP/2 connections, over HTTP/2:
 *
 * - a raw gateway, one with `handleWebSocket`, gets each connection as a `WebSocketConnection`, and the promise of that
 *   method is the life of the connection
 * - any other gateway is a stock gateway, and works as under `WsAdapter`
 * - an upgrade request that matches no gateway, or that is not a WebSocket request, goes through the HTTP pipeline
 *
 * `WsAdapter` serves stock gateways with a port of their own; the options of `WebSocketsModule` do not apply there.
 */
export class WebSocketsAdapter extends WsAdapter {
  private readonly endpoints = new Map<string, GatewayEndpoint>();
  private readonly connections: WebSocketConnections;
  private readonly server: Server;
  private readonly handshakes: HandshakeServer;

  /**
   * @param wsAdapterOptions as for `WsAdapter`: `messageParser` parses the messages of stock gateways
   * @throws WebSocketError `WS_MODULE_MISSING`, `WS_MODULE_CONFLICT`, `WS_ALREADY_USED`
   */
  constructor(
    private readonly app: INestApplication,
    wsAdapterOptions?: ConstructorParameters<typeof WsAdapter>[1],
  ) {
    super(app, wsAdapterOptions);
    const connections = connectionsOf(app);
    this.connections = connections;
    this.server = app.getHttpServer() as Server;
    if (served.has(this.server)) {
      throw new WebSocketError('WS_ALREADY_USED', 'useWebSockets(app) was called before for this application.');
    }
    served.add(this.server);
    const options = app.get<Required<WebSocketOptions>>(WEB_SOCKET_OPTIONS, { strict: false });
    const proxies = app.get(TrustedProxies, { strict: false });
    this.handshakes = new HandshakeServer(this.server, connections, options, proxies, {
      endpointOf: (target) => this.endpoints.get(gatewayPath(target)),
      offer: setUpgrade,
      decline: setUpgradeRefusal,
      fail: logFailure,
    });
    this.handshakes.open();
    refuseMalformedHosts(app);
    app.useGlobalInterceptors(new WebSocketLifetimeInterceptor(connections.observers, proxies));
  }

  /** @throws WebSocketError `WS_GATEWAY_KIND`, `WS_GATEWAY_CONFLICT`, `WS_GATEWAY_SCOPE`, `WS_INVALID_OPTION` */
  override create(port: number, options: Parameters<WsAdapter['create']>[1] & { path?: string } = {}): unknown {
    const path = gatewayPath(options.path ?? '');
    const gateways = findGateways(this.app).filter(
      (gateway) => gateway.port === port && gatewayPath(gateway.path) === path,
    );
    if (port !== APPLICATION_PORT) {
      checkOwnPort(port, gateways);
      return super.create(port, options) as unknown;
    }
    const endpoint = this.endpoints.get(path) ?? createEndpoint(path, gateways, this.connections.options);
    this.endpoints.set(path, endpoint);
    return endpoint.server;
  }

  override bindClientConnect(server: unknown, callback: (...args: unknown[]) => void): void {
    // The endpoint of a raw gateway calls it, and waits for its promise.
    if (!(server instanceof RawGatewayServer)) {
      super.bindClientConnect(server, callback);
    }
  }

  override bindMessageHandlers(...[client, handlers, transform]: Parameters<WsAdapter['bindMessageHandlers']>): void {
    const answer = (message: unknown): void => {
      if (message !== undefined && message !== null) {
        (client as WsCompatibleClient).send(JSON.stringify(message));
      }
    };
    // WsAdapter catches what a handler throws, but not what JSON.stringify throws when it sends the result.
    const answering: typeof transform = (result) => transform(result).pipe(tap(answer), ignoreElements());
    super.bindMessageHandlers(
      client,
      handlers,
      (client as unknown) instanceof WsCompatibleClient ? answering : transform,
    );
  }

  override async close(server: never): Promise<void> {
    if (!((server as unknown) instanceof GatewayServer)) {
      await super.close(server);
    }
  }

  override async dispose(): Promise<void> {
    served.delete(this.server);
    this.handshakes.close();
    await super.dispose();
  }
}

/** @throws WebSocketError `WS_MODULE_MISSING`, `WS_MODULE_CONFLICT` */
function connectionsOf(app: INestApplication): WebSocketConnections {
  const found = providersOf(app)
    .filter(({ token }) => token === WebSocketConnections)
    .map(({ instance }): unknown => instance)
    .filter((instance) => instance instanceof WebSocketConnections);
  if (found.length === 0) {
    throw new WebSocketError(
      'WS_MODULE_MISSING',
      'useWebSockets(app) needs WebSocketsModule.forRoot() or forRootAsync() in the imports of a module of the application.',
    );
  }
  if (found.length > 1) {
    throw new WebSocketError(
      'WS_MODULE_CONFLICT',
      `WebSocketsModule.forRoot() or forRootAsync() is imported ${found.length} times. Import it once: it is global, so that every module can inject WebSocketConnections.`,
    );
  }
  return found[0];
}
