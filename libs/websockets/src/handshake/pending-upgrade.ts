import {
  STATUS_CODES,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import * as ws from 'ws';
import { DelayedStream } from './delayed-stream.js';
import { headersForHandshake, type HandshakeHeaders, type HandshakeResponse } from './handshake-response.js';
import { acceptDeflate } from '../protocol/permessage-deflate.js';
import { ServerConnection } from '../connection/server-connection.js';
import type { PendingHandshake, WebSocketConnections } from '../connection/web-socket-connections.js';
import type { WebSocketRefusal, WebSocketRefusalReason } from '../connection/web-socket-observer.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import type { ReceivedHandshake } from './received-handshake.js';
import { CLIENT_GONE, type Refusal } from './refusal.js';
import type { TakenOverHandshake } from './taken-over-handshake.js';
import { resolveConnectionOptions, type WebSocketConnectionOptions } from '../connection/web-socket-options.js';

/** `ws` parses the grammar of Sec-WebSocket-Protocol (RFC 6455 section 4.1). Its typings leave that out. */
const { subprotocol: protocolHeader } = ws as unknown as { subprotocol: { parse(header: string): Set<string> } };

/** Options of one accept; what `WebSocketAcceptContext` is to ASP.NET Core. Those not given are the application's. */
export interface WebSocketAcceptOptions extends WebSocketConnectionOptions {
  /** The subprotocol to agree on: one that the client offers. Default: none (RFC 6455 section 1.9). */
  readonly subprotocol?: string;
}

/** What accepting a WebSocket request is, over any version of HTTP. */
export abstract class PendingUpgrade implements PendingHandshake {
  private accepted: ServerConnection | undefined;
  /** What was agreed on, from `accept()` on. */
  private agreed: HandshakeHeaders | undefined;
  private isTakenOver = false;
  /** The response that the HTTP pipeline has, where the request was left to it. */
  private handedOver: HandshakeResponse | undefined;
  /** What the frames go over, once the handshake is answered. */
  private transport: Duplex | undefined;
  /** What stands for it where the pipeline answers later. */
  private delayed: DelayedStream | undefined;
  /** What a controller refuses the request with where it would accept it; undefined where it can accept it. */
  refusal: Refusal | undefined;
  /** Whether the HTTP pipeline has let the request through to a handler. */
  hasReachedHandler = false;

  constructor(
    readonly handshake: ReceivedHandshake,
    private readonly connections: WebSocketConnections,
  ) {}

  get request(): IncomingMessage {
    return this.handshake.request;
  }

  /** The address of the client. */
  get remoteAddress(): string {
    return this.handshake.remoteAddress;
  }

  /** What became of it, once it was accepted. */
  get connection(): ServerConnection | undefined {
    return this.accepted;
  }

  /** Whether the application shuts down, so that it may not be accepted any more. */
  get isDraining(): boolean {
    return this.connections.isDraining;
  }

  /** The subprotocols that the client offers, in its order of preference. */
  get requestedProtocols(): readonly string[] {
    const header = this.header('sec-websocket-protocol');
    try {
      return header === undefined ? [] : [...protocolHeader.parse(header)];
    } catch {
      return []; // it breaks the grammar
    }
  }

  /**
   * Completes the handshake.
   *
   * @param answer has the framework send a response of this status, whose headers go out with the handshake. Where that
   * takes its time, the connection can be used at once all the same: what is sent waits.
   * @throws WebSocketError `WS_ALREADY_ACCEPTED`, `WS_INVALID_OPTION`, `WS_CLOSED_PREMATURELY` when the client is gone
   */
  accept(options: WebSocketAcceptOptions = {}, answer: (status: number) => void = this.answer): ServerConnection {
    const resolved = resolveConnectionOptions(options, this.connections.options, 'accept()', ['subprotocol']);
    return this.acceptWith(resolved, options.subprotocol, answer);
  }

  /**
   * Completes the handshake, as `accept` does, with options that are complete.
   *
   * @throws WebSocketError as `accept` does
   */
  acceptWith(
    options: Required<WebSocketConnectionOptions>,
    subprotocol: string | undefined,
    answer: (status: number) => void = this.answer,
  ): ServerConnection {
    if (this.agreed !== undefined) {
      throw this.answeredAlready('accept()');
    }
    if (subprotocol !== undefined) {
      this.checkSubprotocol(subprotocol);
    }
    if (this.isGone) {
      throw new WebSocketError('WS_CLOSED_PREMATURELY', 'The client has gone before its WebSocket was accepted.');
    }
    const deflate = options.dangerousEnableCompression
      ? acceptDeflate(this.header('sec-websocket-extensions'), options)
      : undefined;
    this.agreed = {
      ...(subprotocol === undefined ? {} : { 'Sec-WebSocket-Protocol': subprotocol }),
      ...(deflate === undefined ? {} : { 'Sec-WebSocket-Extensions': deflate.header }),
    };
    try {
      answer(this.acceptedStatus);
    } catch (error) {
      this.agreed = undefined;
      throw error;
    }
    const { httpVersion, remoteAddress, path } = this.handshake;
    const socket = this.transport ?? (this.delayed = new DelayedStream());
    const accepted = { httpVersion, remoteAddress, path, subprotocol, extensions: deflate?.header };
    this.accepted = new ServerConnection(socket, options, accepted, deflate?.parameters);
    this.connections.add(this.accepted);
    this.connections.removePending(this);
    this.connections.observers.opened(this.accepted, this.handshake);
    if (socket.readableEnded) {
      process.nextTick(() => socket.emit('end')); // it came when the connection was not there to hear of it
    }
    return this.accepted;
  }

  /**
   * Hands over the stream of the request, without an answer. It has a place among the connections until it closes.
   *
   * @param answer has the framework make a response of this status, which is not sent
   * @throws WebSocketError `WS_ALREADY_ACCEPTED`, `WS_CLOSED_PREMATURELY` when the client is gone
   */
  takeOver(answer: (status: number) => void): Promise<TakenOverHandshake> {
    if (this.agreed !== undefined) {
      throw this.answeredAlready('takeOver()');
    }
    if (this.isGone) {
      throw notTakenOver('The client has gone');
    }
    this.agreed = {};
    this.isTakenOver = true;
    const { answerWith } = this;
    return new Promise((resolve, reject) => {
      // Has no effect after `resolve`.
      this.handedOver?.once('close', () =>
        reject(notTakenOver(this.isGone ? 'The client has gone' : 'The HTTP pipeline has answered')),
      );
      this.answerWith = () => {
        const stream = this.leaveHttp();
        const { request, handshake, remoteAddress } = this;
        const place = { remoteAddress, cut: () => this.cut() };
        // In this order, so that a drain does not see a moment without a pending handshake.
        this.connections.addPending(place);
        this.connections.removePending(this);
        stream.once('close', () => this.connections.removePending(place));
        resolve({ request, httpVersion: handshake.httpVersion, remoteAddress, stream });
        return stream;
      };
      try {
        answer(this.acceptedStatus);
      } catch (error) {
        this.agreed = undefined;
        this.isTakenOver = false;
        this.answerWith = answerWith;
        reject(error);
      }
    });
  }

  /**
   * Lets the HTTP pipeline handle the request, with its guards, pipes and filters: a controller may accept it, and any
   * other answer goes to the client as an ordinary response. Until then the handshake is pending.
   */
  abstract handleOverHttp(server: Server): void;

  /** Ends the handshake without an answer. */
  abstract cut(): void;

  /**
   * Counts the handshake as pending until it is accepted or the client has gone, whatever comes first.
   *
   * @returns gives the place back
   */
  takePlace(): () => void {
    const giveBack = (): void => {
      this.stream.off('close', giveBack);
      this.connections.removePending(this);
    };
    this.connections.addPending(this);
    this.stream.once('close', giveBack);
    return giveBack;
  }

  /** Resolves when the connection (HTTP/1.1) or the stream (HTTP/2) of the handshake has closed. */
  whenEnded(): Promise<void> {
    return new Promise((resolve) => this.stream.once('close', resolve));
  }

  /** What the handshake came on. */
  protected abstract get stream(): Duplex;

  /** Whether the client cannot be answered any more. */
  abstract get isGone(): boolean;

  /** The status that accepts a WebSocket. */
  protected abstract readonly acceptedStatus: number;

  /** Answers the handshake, with these headers among others, and returns what the frames go over. */
  protected abstract switchProtocols(headers: HandshakeHeaders): Duplex;

  /** Ends the HTTP exchange without an answer, and returns what it went over. */
  protected abstract leaveHttp(): Duplex;

  /** What happens once the pipeline has made the answer that accepts. */
  private answerWith = (headers: HandshakeHeaders): Duplex => this.switchProtocols(headers);

  /** The status of the response that accepts. */
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
    const giveBack = this.takePlace();
    response.once('close', () => {
      giveBack();
      if (this.transport !== undefined) {
        return;
      }
      // The pipeline answered otherwise, or the client has gone.
      if (this.delayed === undefined) {
        this.connections.observers.refused(this.handshake, this.refusalBy(response));
      } else {
        this.delayed.destroy();
      }
    });
  }

  /** How the HTTP pipeline refused. */
  private refusalBy({ headersSent, statusCode: status }: HandshakeResponse): WebSocketRefusal {
    if (!headersSent) {
      return CLIENT_GONE;
    }
    if (this.refusal?.status === status) {
      return this.refusal;
    }
    return { status, reason: this.reasonOf(status), message: STATUS_CODES[status] ?? '' };
  }

  private reasonOf(status: number): WebSocketRefusalReason {
    if (status >= 500) {
      return 'error';
    }
    if (this.hasReachedHandler) {
      return 'handler';
    }
    return status < 300 || status === 404 ? 'not-found' : 'guard';
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

  private answeredAlready(method: string): WebSocketError {
    const first = this.isTakenOver ? 'takeOver()' : 'accept()';
    const mistake = first === method ? 'twice' : `after ${first}`;
    return new WebSocketError('WS_ALREADY_ACCEPTED', `${method} was called ${mistake} for one WebSocket request.`);
  }

  private header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** @throws WebSocketError `WS_INVALID_OPTION` */
  private checkSubprotocol(subprotocol: string): void {
    const { requestedProtocols } = this;
    if (!requestedProtocols.includes(subprotocol)) {
      const offered = requestedProtocols.length === 0 ? 'none' : requestedProtocols.join(', ');
      const message = `accept(): the subprotocol is ${inspect(subprotocol)}, but the client offers ${offered}.`;
      throw new WebSocketError('WS_INVALID_OPTION', message);
    }
  }
}

function notTakenOver(reason: string): WebSocketError {
  return new WebSocketError('WS_CLOSED_PREMATURELY', `${reason} before the handshake was taken over.`);
}
