import type { IncomingMessage, OutgoingHttpHeaders, Server } from 'node:http';
import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { ignoreLaterAnswers, interceptAcceptance, type HandshakeHeaders } from './handshake-response.js';
import { completeHttp2Response } from './node-internals.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { ReceivedHandshake } from './received-handshake.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';

/**
 * A WebSocket request over HTTP/2: an extended CONNECT (RFC 8441 section 4). Its stream is to the WebSocket what the
 * TCP connection is over HTTP/1.1; other streams of the same connection go on beside it.
 */
export class Http2Upgrade extends PendingUpgrade {
  constructor(
    handshake: ReceivedHandshake,
    private readonly response: Http2ServerResponse,
    connections: WebSocketConnections,
  ) {
    super(handshake, connections);
  }

  override handleOverHttp(server: Server): void {
    this.waitFor(this.response);
    handleConnectAsGet(server, this.request, this.response, this.accepting, this.open);
  }

  override cut(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  protected override get stream(): ServerHttp2Stream {
    return this.response.stream;
  }

  override get isGone(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  protected override readonly acceptedStatus = 200;

  protected override switchProtocols(headers: HandshakeHeaders): Duplex {
    // Without Connection, Upgrade and Sec-WebSocket-Accept (RFC 8441 section 5).
    this.stream.respond({ ':status': 200, ...headers });
    return this.leaveHttp();
  }

  protected override leaveHttp(): Duplex {
    const { response, stream } = this;
    ignoreLaterAnswers(response);
    completeHttp2Response(response);
    resetWhenDestroyed(stream);
    return stream;
  }
}

/**
 * Gives an extended CONNECT to the ordinary HTTP pipeline, where the routes of WebSockets are those of GET.
 *
 * Any 2xx would tell the client that its stream is a WebSocket now (RFC 8441 section 5). A 2xx that answers the GET and
 * does not accept is sent as 400.
 */
export function handleConnectAsGet(
  server: Server,
  request: IncomingMessage,
  response: Http2ServerResponse,
  accepting: () => number | undefined = () => undefined,
  onAccepted: (headers: OutgoingHttpHeaders) => void = () => {},
): void {
  request.method = 'GET';
  interceptAcceptance(response, accepting, onAccepted, (status) =>
    status >= 200 && status < 300 ? constants.HTTP_STATUS_BAD_REQUEST : status,
  );
  server.emit('request', request, response);
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
