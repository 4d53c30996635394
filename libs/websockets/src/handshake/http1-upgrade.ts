import { hash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ignoreLaterAnswers, interceptAcceptance, type HandshakeHeaders } from './handshake-response.js';
import { completeUnsent, createResponse, releaseSocket } from './node-internals.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { ReceivedHandshake } from './received-handshake.js';
import { endAfterAnswer } from './refusal.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A WebSocket request over HTTP/1.1 (RFC 6455 section 4.2). */
export class Http1Upgrade extends PendingUpgrade {
  private response: ServerResponse | undefined;

  constructor(
    handshake: ReceivedHandshake,
    protected override readonly stream: Socket,
    /** The bytes that came together with the request. */
    head: Buffer,
    connections: WebSocketConnections,
  ) {
    super(handshake, connections);
    if (head.length > 0) {
      // Not later: a socket at its end takes no bytes back.
      stream.unshift(head);
    }
  }

  override handleOverHttp(server: Server): void {
    const { request, stream: socket } = this;
    socket.once('close', this.abort); // before the response hears of it: frameworks ask the request why
    const response = createResponse(request, socket);
    response.once('finish', () => {
      socket.off('close', this.abort);
      // As Node.js does for its own responses: a shutdown waits for it.
      process.nextTick(() => response.emit('close'));
      if (releaseSocket(response, socket)) {
        endAfterAnswer(socket);
      }
    });
    this.waitFor(response);
    interceptAcceptance(response, this.accepting, this.open);
    this.response = response;
    server.emit('request', request, response);
  }

  override cut(): void {
    this.stream.destroy();
  }

  /** The client has gone before its answer. That is not an error of the server. */
  private readonly abort = (): void => {
    this.request.destroy();
  };

  override get isGone(): boolean {
    return this.stream.destroyed;
  }

  protected override readonly acceptedStatus = 101;

  protected override switchProtocols(headers: HandshakeHeaders): Duplex {
    const socket = this.leaveHttp();
    switchProtocols(this.request, socket, headers);
    return socket;
  }

  protected override leaveHttp(): Socket {
    const { response, stream: socket } = this;
    if (response !== undefined) {
      this.endExchange(response);
    }
    socket.setTimeout(0);
    socket.setNoDelay(true);
    return socket;
  }

  /** From here on the response is sent for its observers, such as access logs. */
  private endExchange(response: ServerResponse): void {
    const { stream: socket } = this;
    socket.off('close', this.abort);
    completeUnsent(response, socket, this.acceptedStatus);
    ignoreLaterAnswers(response);
  }
}

/** Switches a connection to the WebSocket protocol (RFC 6455 section 4.2.2). */
function switchProtocols(request: IncomingMessage, socket: Duplex, headers: HandshakeHeaders): void {
  const accept = hash('sha1', `${request.headers['sec-websocket-key']}${ACCEPT_GUID}`, 'base64');
  // A client that expects 100 gets it before 101 (RFC 9110 section 7.8).
  const interim = request.headers.expect?.toLowerCase() === '100-continue' ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
  let response =
    `${interim}HTTP/1.1 101 Switching Protocols\r\n` +
    'Upgrade: websocket\r\n' +
    'Connection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    for (const line of [value].flat()) {
      response += `${name}: ${line}\r\n`;
    }
  }
  socket.write(`${response}\r\n`, 'latin1');
}
