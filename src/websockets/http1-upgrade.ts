import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { endAfterAnswer, switchProtocols } from './handshake.js';
import type { HandshakeHeaders } from './handshake-headers.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { WebSocketConnections } from './web-socket-connections.js';

/** A WebSocket request over HTTP/1.1 (RFC 6455 section 4.2). */
export class Http1Upgrade extends PendingUpgrade {
  private response: ServerResponse | undefined;

  constructor(
    request: IncomingMessage,
    private readonly socket: Socket,
    /** What came together with the request. */
    private readonly head: Buffer,
    connections: WebSocketConnections,
  ) {
    super(request, connections, 'h1', socket.remoteAddress ?? '');
  }

  /**
   * Lets the HTTP pipeline handle the request, with its guards, pipes and filters: a controller may accept it, and any
   * other answer goes to the client as an ordinary response, after which the connection ends.
   */
  handleOverHttp(server: Server): void {
    const { request, socket } = this;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    socket.once('close', this.abort); // before the response hears of it: frameworks ask the request why
    response.assignSocket(socket);
    response.once('finish', () => {
      socket.off('close', this.abort);
      // As Node.js does: what waits for the end of the response, as a shutdown does, goes on.
      process.nextTick(() => response.emit('close'));
      if (this.connection === undefined) {
        response.detachSocket(socket);
        endAfterAnswer(socket);
      }
    });
    this.response = response;
    server.emit('request', request, response);
  }

  /** The client went away before it was answered: no error of the server, as with any request. */
  private readonly abort = (): void => {
    this.request.destroy();
  };

  protected override get isGone(): boolean {
    return this.socket.destroyed;
  }

  protected override switchProtocols(headers: HandshakeHeaders): Duplex {
    const { request, response, socket, head } = this;
    if (response !== undefined) {
      socket.off('close', this.abort);
      response.detachSocket(socket);
      // The framework answers once the handler is done. By then there is nobody to hear it.
      response.assignSocket(new Abyss() as unknown as Socket);
    }
    socket.setTimeout(0);
    socket.setNoDelay(true);
    switchProtocols(request, socket, headers);
    if (head.length > 0) {
      socket.unshift(head);
    }
    return socket;
  }
}

/** A socket that swallows what is written to it. */
class Abyss extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}
