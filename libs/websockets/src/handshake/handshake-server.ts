import type { IncomingMessage, Server } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  admissionRefusal,
  limitRefusal,
  type AdmissionOptions,
  type ConnectionLimit,
  type SharedLimits,
} from './admission.js';
import {
  hasUnsupportedVersion,
  isConnectToWebSocket,
  isWebSocketRequest,
  mayLackHeaders,
  WEB_SOCKET_VERSION,
} from './handshake-request.js';
import { refusalOfAuthority, refusalOfHost, useOriginForm } from './host.js';
import { Http1Upgrade } from './http1-upgrade.js';
import { handleConnectAsGet, Http2Upgrade } from './http2-upgrade.js';
import { connectionEventOf, leaveBodiesOfUpgrades } from './node-internals.js';
import { afterEarlierResponses, handleAsOrdinaryRequest, unlessTaken } from './passing-on.js';
import { ReceivedHandshake } from './received-handshake.js';
import type { PendingUpgrade } from './pending-upgrade.js';
import {
  CLIENT_GONE,
  HANDSHAKE_FAILED,
  NO_TUNNEL,
  OTHER_PROTOCOL,
  refuseConnect,
  refuseUpgrade,
  SHUTTING_DOWN,
  TOO_MANY_HEADERS,
  unsupportedVersion,
  UPGRADE_WITH_BODY,
  type Refusal,
} from './refusal.js';
import type { TrustedProxies } from './trusted-proxies.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';

/** What serves the WebSockets of a path without the HTTP pipeline. */
export interface HandshakeEndpoint {
  /** Asks the application why a client may not connect. Undefined where it has nothing to say. */
  readonly verify: ((request: IncomingMessage) => Promise<Refusal | undefined>) | undefined;
  /** Accepts a handshake and serves the connection. False if that failed. */
  readonly connect: (upgrade: PendingUpgrade, request: IncomingMessage) => boolean;
}

/** Where handshakes go. */
export interface HandshakeRoutes {
  /** The endpoint of a target such as `/ws?x=1`. Without one the HTTP pipeline handles the request. */
  endpointOf(target: string): HandshakeEndpoint | undefined;
  /** Tells the HTTP pipeline that it can accept a WebSocket of this request. */
  offer(request: IncomingMessage, upgrade: PendingUpgrade): void;
  /** Tells the HTTP pipeline why it cannot accept a WebSocket of this request. */
  decline(request: IncomingMessage, refusal: Refusal): void;
  /** Reports an error of the application. */
  fail(what: string, error: unknown): void;
}

type Refuse = (refusal: Refusal) => void;

/**
 * Answers the handshakes of an HTTP server, over HTTP/1.1 and, where the server has HTTP/2 connections, over HTTP/2: each
 * is accepted by an endpoint, refused, or left to the HTTP pipeline, which also gets every other upgrade request.
 */
export class HandshakeServer {
  constructor(
    private readonly server: Server,
    private readonly connections: WebSocketConnections,
    private readonly admission: Required<AdmissionOptions>,
    private readonly proxies: TrustedProxies,
    private readonly routes: HandshakeRoutes,
  ) {}

  /** Answers from now on. */
  open(): void {
    this.server.on(connectionEventOf(this.server), leaveBodiesOfUpgrades);
    // First, so that what other listeners do with the socket is noticed.
    this.server.prependListener('upgrade', this.onUpgrade);
    this.server.prependListener('connect', this.onConnect);
  }

  /** Answers no more. */
  close(): void {
    this.server.off(connectionEventOf(this.server), leaveBodiesOfUpgrades);
    this.server.off('upgrade', this.onUpgrade);
    this.server.off('connect', this.onConnect);
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    unlessTaken(this.server, 'upgrade', socket, () => {
      socket.on('error', ignore);
      afterEarlierResponses(isSocket(socket) ? socket : request.socket, () =>
        this.handleUpgrade(request, socket, head),
      );
    });
  };

  private handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isHandshake = isWebSocketRequest(request);
    const isOfOtherVersion = !isHandshake && hasUnsupportedVersion(request);
    if (isHandshake || isOfOtherVersion) {
      useOriginForm(request);
    }
    const handshake = new ReceivedHandshake(request, this.proxies.clientOf(request));
    const refuse = this.refusing(handshake, (refusal) => refuseUpgrade(socket, refusal));
    if (!isSocket(socket)) {
      refuse(UPGRADE_WITH_BODY);
      return;
    }
    const malformed = mayLackHeaders(request, this.server.maxHeadersCount) ? TOO_MANY_HEADERS : refusalOfHost(request);
    if (malformed !== undefined) {
      refuse(malformed);
    } else if (isHandshake) {
      this.admit(new Http1Upgrade(handshake, socket, head, this.connections), refuse);
    } else if (isOfOtherVersion) {
      this.refuseVersion(new Http1Upgrade(handshake, socket, head, this.connections), refuse);
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
        this.handleConnect(request, answerTo);
      } else {
        const socket = answerTo as Socket;
        socket.on('error', ignore);
        const handshake = new ReceivedHandshake(request, this.proxies.clientOf(request));
        const refuse = this.refusing(handshake, (refusal) => refuseUpgrade(socket, refusal));
        afterEarlierResponses(socket, () => refuse(NO_TUNNEL));
      }
    });
  };

  private handleConnect(request: Http2ServerRequest, response: Http2ServerResponse): void {
    // :authority takes precedence over Host (RFC 9113 section 8.3.1), but handlers read Host.
    request.headers.host = request.authority;
    const handshake = new ReceivedHandshake(request, this.proxies.clientOf(request));
    const refuse = this.refusing(handshake, (refusal) => refuseConnect(response, refusal));
    const refusal =
      refusalOfAuthority(request.authority) ?? (isConnectToWebSocket(request) ? undefined : OTHER_PROTOCOL);
    if (refusal !== undefined) {
      refuse(refusal);
      return;
    }
    const upgrade = new Http2Upgrade(handshake, response, this.connections);
    const version = request.headers['sec-websocket-version'];
    if (version === WEB_SOCKET_VERSION) {
      this.admit(upgrade, refuse);
    } else if (version !== undefined) {
      this.refuseVersion(upgrade, refuse);
    } else {
      handleConnectAsGet(this.server, upgrade.request, response);
    }
  }

  /** Sends refusals by `answer`, and tells observers of them. */
  private refusing(handshake: ReceivedHandshake, answer: Refuse): Refuse {
    return (refusal) => {
      answer(refusal);
      this.connections.observers.refused(handshake, refusal);
    };
  }

  /** Refuses a handshake, or routes it. */
  private admit(upgrade: PendingUpgrade, refuse: Refuse): void {
    const { request, handshake } = upgrade;
    this.connections.observers.handshake(handshake);
    const refusal = admissionRefusal(request.headers, handshake.client, this.connections, this.admission);
    const { maxConnections, maxConnectionsPerAddress, sharedLimits } = this.admission;
    if (refusal !== undefined) {
      refuse(refusal);
    } else if (sharedLimits !== false && maxConnections + maxConnectionsPerAddress > 0) {
      void this.admitAmongProcesses(upgrade, refuse, sharedLimits);
    } else {
      this.route(upgrade, refuse);
    }
  }

  /** Refuses a handshake, or routes it with a place that it keeps until its connection or stream has ended. */
  private async admitAmongProcesses(upgrade: PendingUpgrade, refuse: Refuse, limits: SharedLimits): Promise<void> {
    const { remoteAddress } = upgrade;
    const ended = upgrade.whenEnded();
    const giveBack = upgrade.takePlace();
    let limit: ConnectionLimit | undefined;
    try {
      limit = await limits.take(remoteAddress);
    } catch (error) {
      this.routes.fail('sharedLimits.take', error);
      refuse(HANDSHAKE_FAILED);
      return;
    } finally {
      giveBack();
    }
    if (limit === undefined) {
      void ended
        .then(() => limits.release(remoteAddress))
        .catch((error) => this.routes.fail('sharedLimits.release', error));
    }
    if (upgrade.isGone) {
      refuse(CLIENT_GONE);
    } else if (limit !== undefined) {
      refuse(limitRefusal(limit, this.admission));
    } else if (this.connections.isDraining) {
      refuse(SHUTTING_DOWN);
    } else {
      this.route(upgrade, refuse);
    }
  }

  /** Passes a handshake to the endpoint of its path, or else to the HTTP pipeline. */
  private route(upgrade: PendingUpgrade, refuse: Refuse): void {
    const { request } = upgrade;
    const endpoint = this.routes.endpointOf(request.url ?? '/');
    if (endpoint === undefined) {
      this.routes.offer(request, upgrade);
      upgrade.handleOverHttp(this.server);
    } else if (endpoint.verify !== undefined) {
      void this.verify(endpoint, endpoint.verify(request), upgrade, refuse);
    } else {
      this.connect(endpoint, upgrade, refuse);
    }
  }

  private async verify(
    endpoint: HandshakeEndpoint,
    verified: Promise<Refusal | undefined>,
    upgrade: PendingUpgrade,
    refuse: Refuse,
  ): Promise<void> {
    const giveBack = upgrade.takePlace();
    const refusal = (await verified) ?? (this.connections.isDraining ? SHUTTING_DOWN : undefined);
    giveBack();
    if (refusal === undefined) {
      this.connect(endpoint, upgrade, refuse);
    } else {
      refuse(refusal);
    }
  }

  private connect({ connect }: HandshakeEndpoint, upgrade: PendingUpgrade, refuse: Refuse): void {
    if (!connect(upgrade, upgrade.request) && upgrade.connection === undefined) {
      refuse(upgrade.isGone ? CLIENT_GONE : HANDSHAKE_FAILED);
    }
  }

  /** Refuses a version at an endpoint. Elsewhere the HTTP pipeline answers, and refuses it where it would accept. */
  private refuseVersion(upgrade: PendingUpgrade, refuse: Refuse): void {
    const { request } = upgrade;
    const refusal = unsupportedVersion(request);
    this.connections.observers.handshake(upgrade.handshake);
    if (this.routes.endpointOf(request.url ?? '/') !== undefined) {
      refuse(refusal);
    } else {
      upgrade.refusal = refusal;
      this.routes.decline(request, refusal);
      upgrade.handleOverHttp(this.server);
    }
  }
}

/** Whether an upgrade came with the socket itself, and not with a wrapper of it. That of Bun is not a `net.Socket`. */
function isSocket(stream: Duplex): stream is Socket {
  return 'setTimeout' in stream;
}

/** The errors of a client that goes away during its handshake. */
function ignore(): void {}
