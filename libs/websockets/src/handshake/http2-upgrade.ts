import { STATUS_CODES, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Refusal } from './handshake.js';
import type { HandshakeHeaders } from './handshake-headers.js';
import { catchAcceptance, silence } from './handshake-response.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';

const WEB_SOCKET_VERSION = '13';

/**
 * A WebSocket request over HTTP/2: an extended CONNECT (RFC 8441 section 4). Its stream is to the WebSocket what the
 * TCP connection is over HTTP/1.1; other streams of the same connection go on beside it.
 */
export class Http2Upgrade extends PendingUpgrade {
  constructor(
    request: Http2ServerRequest,
    private readonly response: Http2ServerResponse,
    connections: WebSocketConnections,
  ) {
    // Node.js gives both kinds of request the same interface, for handlers that do not care which one they have.
    super(request as unknown as IncomingMessage, connections, 'h2', request.socket.remoteAddress ?? '');
  }

  override handleOverHttp(server: Server): void {
    this.waitFor(this.response);
    handleConnectAsGet(server, this.request, this.response, this.accepting, this.open);
  }

  override cut(): void {
    this.response.stream.close(constants.NGHTTP2_CANCEL);
  }

  protected override get isGone(): boolean {
    return this.response.stream.destroyed || this.response.stream.closed;
  }

  protected override readonly acceptedStatus = 200;

  protected override switchProtocols(headers: HandshakeHeaders): Duplex {
    const { stream } = this.response;
    // No Connection, Upgrade or Sec-WebSocket-Accept: HTTP/2 has none of them (RFC 8441 section 5).
    stream.respond({ ':status': 200, ...headers });
    return this.leaveHttp();
  }

  protected override leaveHttp(): Duplex {
    const { response } = this;
    endExchange(response);
    resetWhenDestroyed(response.stream);
    return response.stream;
  }
}

/** Whether a CONNECT is an extended one that asks for a WebSocket, of whatever version (RFC 8441 section 5). */
export function asksForWebSocket({ headers }: Http2ServerRequest): boolean {
  return String(headers[':protocol']).toLowerCase() === 'websocket';
}

/** The version of RFC 6455, as over HTTP/1.1. There is no key: nobody mistakes this request for another. */
export function hasSupportedVersion({ headers }: Http2ServerRequest): boolean {
  return headers['sec-websocket-version'] === WEB_SOCKET_VERSION;
}

/** RFC 9220 section 3: what an extended CONNECT for another protocol is told; a plain CONNECT wants a tunnel. */
export const NOT_IMPLEMENTED: Refusal = {
  status: 501,
  message: 'CONNECT is for WebSockets here: :protocol has to be websocket.',
  headers: {},
};

/** 426 is not for HTTP/2, which cannot be upgraded (RFC 9110 section 7.8); the header says what is spoken here. */
export function unsupportedConnectVersion({ headers }: Http2ServerRequest): Refusal {
  const version = JSON.stringify(headers['sec-websocket-version']);
  return {
    status: 400,
    message: `Sec-WebSocket-Version is ${version}; ${WEB_SOCKET_VERSION} is spoken here.`,
    headers: { 'Sec-WebSocket-Version': WEB_SOCKET_VERSION },
  };
}

/** Answers an extended CONNECT with an ordinary response; the connection goes on. */
export function refuseConnect(response: Http2ServerResponse, { status, message, headers }: Refusal): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify({ statusCode: status, message, error: STATUS_CODES[status] }));
}

/**
 * Gives an extended CONNECT to the ordinary HTTP pipeline, where the routes of WebSockets are those of GET.
 *
 * Any 2xx would tell the client that its stream is a WebSocket now (RFC 8441 section 5). One that is meant for GET
 * becomes 400, unless it accepts.
 */
export function handleConnectAsGet(
  server: Server,
  request: IncomingMessage,
  response: Http2ServerResponse,
  accepting: () => number | undefined = () => undefined,
  onAccepted: (headers: OutgoingHttpHeaders) => void = () => {},
): void {
  request.method = 'GET';
  catchAcceptance(response, accepting, onAccepted, (status) =>
    status >= 200 && status < 300 ? constants.HTTP_STATUS_BAD_REQUEST : status,
  );
  server.emit('request', request, response);
}

/** To all who look at the response, it is sent: Node.js would say so when the stream ends, which is the WebSocket's. */
function endExchange(response: Http2ServerResponse): void {
  silence(response);
  for (const state of ['writableEnded', 'finished']) {
    Object.defineProperty(response, state, { value: true });
  }
  process.nextTick(() => {
    response.emit('finish');
    response.emit('close');
    response.emit = () => false;
  });
}

/**
 * A reset of the TCP connection corresponds to RST_STREAM with CANCEL (RFC 8441 section 5). After the end of this half
 * the code is NO_ERROR: the client loses nothing of what it was sent (RFC 9113 section 8.1).
 */
function resetWhenDestroyed(stream: ServerHttp2Stream): void {
  const destroy = stream.destroy.bind(stream);
  stream.destroy = (error) => {
    stream.close(stream.writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
    return destroy(error);
  };
}
