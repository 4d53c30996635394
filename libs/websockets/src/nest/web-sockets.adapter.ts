import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { IncomingMessage, Server } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { ignoreElements, tap } from 'rxjs';
import { refusalOf } from '../handshake/admission.js';
import { afterEarlierResponses } from '../handshake/earlier-responses.js';
import {
  checkOwnPort,
  createEndpoint,
  GatewayServer,
  RawGatewayServer,
  type GatewayEndpoint,
} from './gateway-endpoint.js';
import { findGateways, gatewayPath } from './gateways.js';
import {
  HANDSHAKE_FAILED,
  hasUnsupportedVersion,
  isHandshake,
  isWebSocketRequest,
  mayLackHeaders,
  NO_TUNNEL,
  refuseUpgrade,
  SHUTTING_DOWN,
  TOO_MANY_HEADERS,
  UPGRADE_WITH_BODY,
  unsupportedVersion,
  type Refusal,
} from '../handshake/handshake-request.js';
import { refusalOfAuthority, refusalOfHost } from '../handshake/host.js';
import { Http1Upgrade } from '../handshake/http1-upgrade.js';
import {
  asksForWebSocket,
  handleConnectAsGet,
  hasSupportedVersion,
  Http2Upgrade,
  NOT_IMPLEMENTED,
  refuseConnect,
  unsupportedConnectVersion,
} from '../handshake/http2-upgrade.js';
import { leaveBodiesOfUpgrades } from '../handshake/node-internals.js';
import { handleAsOrdinaryRequest } from '../handshake/passing-on.js';
import { unlessTaken } from '../handshake/other-listeners.js';
import { refuseMalformedHosts } from './malformed-hosts.js';
import { providersOf } from './nest-internals.js';
import { WebSocketConnections } from '../connection/web-socket-connections.js';
import { setUpgrade, setUpgradeRefusal, WebSocketLifetimeInterceptor } from './web-socket-manager.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import { WsCompatibleClient } from './ws-compatible-client.js';

type Refuse = (refusal: Refusal) => void;

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
  private readonly server: Server;
  private readonly connections: WebSocketConnections;

  /** @throws WebSocketError `WS_MODULE_MISSING`, `WS_MODULE_CONFLICT`, `WS_ALREADY_USED` */
  constructor(private readonly app: INestApplication) {
    super(app);
    this.connections = connectionsOf(app);
    this.server = app.getHttpServer() as Server;
    if (served.has(this.server)) {
      throw new WebSocketError('WS_ALREADY_USED', 'useWebSockets(app) was called before for this application.');
    }
    served.add(this.server);
    this.server.on(connectionEventOf(this.server), leaveBodiesOfUpgrades);
    // First: what other listeners do with a socket is seen only from here on.
    this.server.prependListener('upgrade', this.onUpgrade);
    this.server.prependListener('connect', this.onConnect);
    refuseMalformedHosts(app);
    app.useGlobalInterceptors(new WebSocketLifetimeInterceptor());
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
    const endpoint = this.endpoints.get(path) ?? createEndpoint(path, gateways);
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
    // WsAdapter logs what a handler throws, but sends where nobody catches what has no JSON.
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
    this.server.off(connectionEventOf(this.server), leaveBodiesOfUpgrades);
    this.server.off('upgrade', this.onUpgrade);
    this.server.off('connect', this.onConnect);
    await super.dispose();
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    unlessTaken(this.server, 'upgrade', socket, () => {
      socket.on('error', ignore);
      afterEarlierResponses(request.socket, () => this.handleUpgrade(request, socket, head));
    });
  };

  private handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refuse: Refuse = (refusal) => refuseUpgrade(socket, refusal);
    if (!(socket instanceof Socket)) {
      refuse(UPGRADE_WITH_BODY);
      return;
    }
    if (isHandshake(request)) {
      useOriginForm(request);
    }
    const malformed = mayLackHeaders(request, this.server.maxHeadersCount) ? TOO_MANY_HEADERS : refusalOfHost(request);
    if (malformed !== undefined) {
      refuse(malformed);
      return;
    }
    if (isWebSocketRequest(request)) {
      this.admit(new Http1Upgrade(request, socket, head, this.connections), refuse);
    } else if (hasUnsupportedVersion(request)) {
      this.refuseVersion(
        new Http1Upgrade(request, socket, head, this.connections),
        unsupportedVersion(request),
        refuse,
      );
    } else {
      socket.off('error', ignore);
      handleAsOrdinaryRequest(this.server, request, socket, head);
    }
  }

  private readonly onConnect = (
    request: IncomingMessage | Http2ServerRequest,
    answerTo: Socket | Http2ServerResponse,
  ): void => {
    unlessTaken(this.server, 'connect', answerTo, () => {
      if ('stream' in request && 'stream' in answerTo) {
        this.onHttp2Connect(request, answerTo);
      } else {
        const socket = answerTo as Socket;
        socket.on('error', ignore);
        afterEarlierResponses(socket, () => refuseUpgrade(socket, NO_TUNNEL));
      }
    });
  };

  private onHttp2Connect(request: Http2ServerRequest, response: Http2ServerResponse): void {
    // Of the two :authority counts (RFC 9113 section 8.3.1), but handlers know the other.
    request.headers.host = request.authority;
    const malformed = refusalOfAuthority(request.authority);
    if (malformed !== undefined) {
      refuseConnect(response, malformed);
      return;
    }
    if (!asksForWebSocket(request)) {
      refuseConnect(response, NOT_IMPLEMENTED);
      return;
    }
    const upgrade = new Http2Upgrade(request, response, this.connections);
    const refuse: Refuse = (refusal) => refuseConnect(response, refusal);
    if (hasSupportedVersion(request)) {
      this.admit(upgrade, refuse);
    } else if (request.headers['sec-websocket-version'] !== undefined) {
      this.refuseVersion(upgrade, unsupportedConnectVersion(request), refuse);
    } else {
      handleConnectAsGet(this.server, upgrade.request, response);
    }
  }

  /** Lets a WebSocket request in, or refuses it, or leaves that to the HTTP pipeline. */
  private admit(upgrade: Http1Upgrade | Http2Upgrade, refuse: Refuse): void {
    const { request } = upgrade;
    const endpoint = this.endpointOf(request);
    const refusal = refusalOf(request.headers, request.socket.remoteAddress, this.connections);
    if (refusal !== undefined) {
      refuse(refusal);
    } else if (endpoint === undefined) {
      setUpgrade(request, upgrade);
      upgrade.handleOverHttp(this.server);
    } else {
      void this.connect(endpoint, upgrade, refuse);
    }
  }

  /** Lets the gateways of a path decide on a WebSocket request that nothing else refuses. */
  private async connect(
    endpoint: GatewayEndpoint,
    upgrade: Http1Upgrade | Http2Upgrade,
    refuse: Refuse,
  ): Promise<void> {
    const { request } = upgrade;
    if (endpoint.verify !== undefined) {
      const giveBack = upgrade.takePlace();
      const refusal = (await endpoint.verify(request)) ?? (this.connections.isDraining ? SHUTTING_DOWN : undefined);
      giveBack();
      if (refusal !== undefined) {
        refuse(refusal);
        return;
      }
    }
    if (!(await endpoint.connect(upgrade, request)) && upgrade.connection === undefined) {
      refuse(HANDSHAKE_FAILED);
    }
  }

  /** Refuses a version for gateways. Elsewhere the HTTP pipeline answers, and there a controller that would accept. */
  private refuseVersion(upgrade: Http1Upgrade | Http2Upgrade, refusal: Refusal, refuse: Refuse): void {
    if (this.endpointOf(upgrade.request) !== undefined) {
      refuse(refusal);
    } else {
      setUpgradeRefusal(upgrade.request, refusal);
      upgrade.handleOverHttp(this.server);
    }
  }

  private endpointOf({ url = '/' }: { readonly url?: string }): GatewayEndpoint | undefined {
    return this.endpoints.get(gatewayPath(url));
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

/** The event of a connection that speaks HTTP: a server that speaks TLS itself emits `connection` before TLS. */
function connectionEventOf(server: Server): string {
  return server instanceof TlsServer ? 'secureConnection' : 'connection';
}

/**
 * Makes a target in absolute form what routers know, a path and a query. The host in it counts, and not the Host header
 * (RFC 9112 section 3.2.2).
 */
function useOriginForm(request: IncomingMessage): void {
  const [, host, target] = /^(?:http|ws)s?:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? '') ?? [];
  if (host !== undefined) {
    request.headers.host = host;
    request.url = target.startsWith('/') ? target : `/${target}`;
  }
}

/** A client that goes away during the handshake costs nothing. */
function ignore(): void {}
