import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { endAfterAnswer, switchProtocols } from './handshake.js';
import type { HandshakeHeaders } from './handshake-headers.js';
import { catchAcceptance, silence } from './handshake-response.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { WebSocketConnections } from '../connection/web-socket-connections.js';

/** A WebSocket request over HTTP/1.1 (RFC 6455 section 4.2). */
export class Http1Upgrade extends PendingUpgrade {
  private response: ServerResponse | undefined;

  constructor(
    request: IncomingMessage,
    private readonly socket: Socket,
    /** What came together with the request. */
    head: Buffer,
    connections: WebSocketConnections,
  ) {
    super(request, connections, 'h1', socket.remoteAddress ?? '');
    if (head.length > 0) {
      // At once: a socket whose peer has ended its half, and that has nothing left to read, takes nothing back.
      socket.unshift(head);
    }
  }

  override handleOverHttp(server: Server): void {
    const { request, socket } = this;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    socket.once('close', this.abort); // before the response hears of it: frameworks ask the request why
    response.assignSocket(socket);
    response.once('finish', () => {
      socket.off('close', this.abort);
      // As Node.js does: what waits for the end of the response, as a shutdown does, goes on.
      process.nextTick(() => response.emit('close'));
      if (response.socket === socket) {
        response.detachSocket(socket);
        endAfterAnswer(socket);
      }
    });
    this.waitFor(response);
    catchAcceptance(response, this.accepting, this.open);
    this.response = response;
    server.emit('request', request, response);
  }

  override cut(): void {
    this.socket.destroy();
  }

  /** The client went away before it was answered: no error of the server, as with any request. */
  private readonly abort = (): void => {
    this.request.destroy();
  };

  protected override get isGone(): boolean {
    return this.socket.destroyed;
  }

  protected override readonly acceptedStatus = 101;

  protected override switchProtocols(headers: HandshakeHeaders): Duplex {
    const socket = this.leaveHttp();
    switchProtocols(this.request, socket, headers);
    return socket;
  }

  protected override leaveHttp(): Socket {
    const { response, socket } = this;
    if (response !== undefined) {
      this.endExchange(response);
    }
    socket.setTimeout(0);
    socket.setNoDelay(true);
    return socket;
  }

  /** To all who look at the response, it is sent. */
  private endExchange(response: ServerResponse): void {
    const { socket } = this;
    socket.off('close', this.abort);
    response.detachSocket(socket);
    response.assignSocket(new Abyss() as unknown as Socket);
    response.writeHead(this.acceptedStatus).end();
    silence(response);
  }
}

/** A socket that swallows what is written to it. */
class Abyss extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}
