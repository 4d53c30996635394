import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import * as ws from 'ws';
import { DelayedStream } from './delayed-stream.js';
import { headersForHandshake, type HandshakeHeaders } from './handshake-headers.js';
import type { HandshakeResponse } from './handshake-response.js';
import { acceptDeflate } from '../protocol/permessage-deflate.js';
import { WebSocketConnection } from '../connection/web-socket-connection.js';
import type { PendingHandshake, WebSocketConnections } from '../connection/web-socket-connections.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import { resolveWebSocketOptions } from '../connection/web-socket-options.js';
import type { TakenOverHandshake } from './taken-over-handshake.js';
import type { WebSocketAcceptOptions, WebSocketUpgrade } from './web-socket-upgrade.js';

/** `ws` parses the header's grammar (RFC 6455 section 4.1). Its typings leave that out. */
const { subprotocol } = ws as unknown as { subprotocol: { parse(header: string): Set<string> } };

/** What accepting a WebSocket request is, over any version of HTTP. */
export abstract class PendingUpgrade implements WebSocketUpgrade, PendingHandshake {
  private accepted: WebSocketConnection | undefined;
  /** What was agreed on, from `accept()` on. */
  private agreed: HandshakeHeaders | undefined;
  /** The response that the HTTP pipeline has, where the request was left to it. */
  private handedOver: HandshakeResponse | undefined;
  /** What the frames go over, once the handshake is answered. */
  private transport: Duplex | undefined;
  /** What stands for it where the pipeline answers later. */
  private delayed: DelayedStream | undefined;

  constructor(
    readonly request: IncomingMessage,
    private readonly connections: WebSocketConnections,
    private readonly protocol: 'h1' | 'h2',
    readonly remoteAddress: string,
  ) {}

  get connection(): WebSocketConnection | undefined {
    return this.accepted;
  }

  get isDraining(): boolean {
    return this.connections.isDraining;
  }

  get requestedProtocols(): readonly string[] {
    const header = this.header('sec-websocket-protocol');
    try {
      return header === undefined ? [] : [...subprotocol.parse(header)];
    } catch {
      return []; // it breaks the grammar
    }
  }

  accept(
    { subProtocol, ...options }: WebSocketAcceptOptions = {},
    answer: (status: number) => void = this.answer,
  ): WebSocketConnection {
    if (this.agreed !== undefined) {
      throw new WebSocketError('WS_ALREADY_ACCEPTED', 'accept() was called twice for one WebSocket request.');
    }
    const resolved =
      Object.keys(options).length === 0
        ? this.connections.options
        : resolveWebSocketOptions({ ...this.connections.options, ...options });
    if (subProtocol !== undefined) {
      this.checkSubProtocol(subProtocol);
    }
    if (this.isGone) {
      throw new WebSocketError('WS_CLOSED_PREMATURELY', 'The client has gone before its WebSocket was accepted.');
    }
    const deflate = resolved.dangerousEnableCompression
      ? acceptDeflate(this.header('sec-websocket-extensions'), resolved)
      : undefined;
    this.agreed = {
      ...(subProtocol === undefined ? {} : { 'Sec-WebSocket-Protocol': subProtocol }),
      ...(deflate === undefined ? {} : { 'Sec-WebSocket-Extensions': deflate.header }),
    };
    try {
      answer(this.acceptedStatus);
    } catch (error) {
      this.agreed = undefined;
      throw error;
    }
    const { protocol, remoteAddress } = this;
    const socket = this.transport ?? (this.delayed = new DelayedStream());
    const handshake = { protocol, remoteAddress, path: this.request.url ?? '/', subProtocol };
    this.accepted = new WebSocketConnection(socket, resolved, handshake, deflate?.parameters);
    this.connections.add(this.accepted);
    this.connections.removePending(this);
    if (socket.readableEnded) {
      process.nextTick(() => socket.emit('end')); // it came when the connection was not there to hear of it
    }
    return this.accepted;
  }

  takeOver(answer: (status: number) => void): Promise<TakenOverHandshake> {
    if (this.agreed !== undefined) {
      throw new WebSocketError('WS_ALREADY_ACCEPTED', 'takeOver() was called for a request that is accepted already.');
    }
    const gone = new WebSocketError(
      'WS_CLOSED_PREMATURELY',
      'The client has gone before its handshake was taken over.',
    );
    if (this.isGone) {
      throw gone;
    }
    this.agreed = {};
    return new Promise((resolve, reject) => {
      this.handedOver?.once('close', () => reject(gone)); // has no effect after `resolve`
      this.answerWith = () => {
        const stream = this.leaveHttp();
        const place = { remoteAddress: this.remoteAddress, cut: () => this.cut() };
        this.connections.addPending(place);
        stream.once('close', () => this.connections.removePending(place));
        resolve({ request: this.request, httpVersion: this.protocol === 'h2' ? '2' : '1.1', stream });
        return stream;
      };
      answer(this.acceptedStatus);
    });
  }

  /**
   * Lets the HTTP pipeline handle the request, with its guards, pipes and filters: a controller may accept it, and any
   * other answer goes to the client as an ordinary response. Until then the handshake is pending.
   */
  abstract handleOverHttp(server: Server): void;

  /** Ends the handshake without an answer. */
  abstract cut(): void;

  /** Whether the client cannot be answered any more. */
  protected abstract get isGone(): boolean;

  /** The status that accepts a WebSocket. */
  protected abstract readonly acceptedStatus: number;

  /** Answers the handshake, with these headers among others, and returns what the frames go over. */
  protected abstract switchProtocols(headers: HandshakeHeaders): Duplex;

  /** Ends the HTTP exchange without an answer, and returns what it went over. */
  protected abstract leaveHttp(): Duplex;

  /** What happens once the pipeline has made the answer that accepts. */
  private answerWith = (headers: HandshakeHeaders): Duplex => this.switchProtocols(headers);

  /** The status of the answer that is an acceptance, as long as there is none. */
  protected readonly accepting = (): number | undefined =>
    this.agreed === undefined || this.isGone ? undefined : this.acceptedStatus;

  /** The pipeline has made the answer that accepts. */
  protected readonly open = (headers: OutgoingHttpHeaders): void => {
    this.transport = this.answerWith({ ...headersForHandshake(headers), ...this.agreed });
    this.delayed?.open(this.transport);
  };

  /** Counts the handshake as pending until it is accepted or its exchange has ended otherwise. */
  protected waitFor(response: HandshakeResponse): void {
    this.handedOver = response;
    this.connections.addPending(this);
    response.once('close', () => {
      this.connections.removePending(this);
      if (this.transport === undefined) {
        this.delayed?.destroy(); // the pipeline answered otherwise, or the client has gone
      }
    });
  }

  /** Accepts where no framework has anything to add. */
  private readonly answer = (status: number): void => {
    const response = this.handedOver as ServerResponse | undefined;
    if (response === undefined) {
      this.open({});
    } else {
      response.writeHead(status).end();
    }
  };

  private header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  private checkSubProtocol(subProtocol: string): void {
    const { requestedProtocols } = this;
    if (!requestedProtocols.includes(subProtocol)) {
      const offered = requestedProtocols.length === 0 ? 'none' : requestedProtocols.join(', ');
      throw new WebSocketError(
        'WS_INVALID_OPTION',
        `accept() was given the subProtocol ${JSON.stringify(subProtocol)}, but the client offers ${offered}.`,
      );
    }
  }
}
