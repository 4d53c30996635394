import type { WebSocketMessageType } from '../protocol/fragment.js';
import type { WebSocketFrame } from '../protocol/frame-scanner.js';
import type { WebSocketClosed, WebSocketConnection } from './web-socket-connection.js';

/**
 * The request of a handshake. All events of one handshake have the same object. It holds on to the request: an observer
 * that needs some of it later should copy that, and let the rest go.
 */
export interface WebSocketHandshake {
  /** Its path and query. */
  readonly path: string;
  /** The address of the client; with `trustProxy` as trusted proxies tell it. */
  readonly remoteAddress: string;
  /** The address of the peer of the connection, then those of the trusted proxies, and that of the client last. */
  readonly addresses: readonly string[];
  readonly httpVersion: '1.1' | '2';
  /** Such as `TLSv1.3`; undefined where TLS does not reach this server. */
  readonly tlsVersion: string | undefined;
  /** The headers by their names in lower case, as `headers` of `node:http` has them. Over HTTP/2 with pseudo-headers. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values in turn, in the order and spelling of their arrival. */
  readonly rawHeaders: readonly string[];
  /** The Origin header. */
  readonly origin: string | undefined;
  /** The User-Agent header. */
  readonly userAgent: string | undefined;
}

/**
 * Why a request did not get a WebSocket:
 *
 * - `origin`: `allowedOrigins` or `requireOrigin`
 * - `limit`: `maxConnections`
 * - `address-limit`: `maxConnectionsPerAddress`
 * - `draining`: the application shuts down
 * - `version`: a `Sec-WebSocket-Version` other than 13
 * - `malformed`: a Host that is not one, or too many headers
 * - `not-a-handshake`: an ordinary request where a controller accepts WebSockets, as it arrives through a proxy that does
 *   not pass on the upgrade; an upgrade with a body; a CONNECT for something else
 * - `not-found`: the path belongs to no gateway and no route, or to something that is not of Nest, such as a file
 * - `guard`: `verifyClient`, a guard, middleware or a global interceptor
 * - `handler`: a controller's method, or one of its pipes, answered otherwise
 * - `error`: the application failed
 * - `aborted`: the client had gone before it was answered; the status is 499 then, as nginx logs it
 */
export type WebSocketRefusalReason =
  | 'origin'
  | 'limit'
  | 'address-limit'
  | 'draining'
  | 'version'
  | 'malformed'
  | 'not-a-handshake'
  | 'not-found'
  | 'guard'
  | 'handler'
  | 'error'
  | 'aborted';

/** How a request was refused. */
export interface WebSocketRefusal {
  /** The status of the HTTP response. */
  readonly status: number;
  readonly reason: WebSocketRefusalReason;
  /** A sentence for people; where the application refused, the reason phrase of the status. */
  readonly message: string;
}

/**
 * Observes one connection. All callbacks are optional, and get the connection first.
 *
 * Those of frames and messages have a price for each frame, on this connection alone.
 */
export interface WebSocketConnectionObserver {
  /** The header of a frame has arrived. Frames that break the protocol are told as well. */
  frameReceived?(connection: WebSocketConnection, frame: WebSocketFrame): void;
  /** A frame is written to the transport. */
  frameSent?(connection: WebSocketConnection, frame: WebSocketFrame): void;
  /** A whole message has arrived. `length` is in bytes, compressed where the message is. */
  messageReceived?(connection: WebSocketConnection, type: WebSocketMessageType, length: number): void;
  /** A whole message is written to the transport; likewise. */
  messageSent?(connection: WebSocketConnection, type: WebSocketMessageType, length: number): void;
  /** A pong has arrived. `roundTripTime` is in ms, and undefined where the pong answers no ping that is measured. */
  pongReceived?(connection: WebSocketConnection, length: number, roundTripTime: number | undefined): void;
  /** More than `sendBufferSize` bytes wait for the peer: reading pauses, and what is sent waits. */
  paused?(connection: WebSocketConnection, bufferedAmount: number): void;
  /** The peer has taken what waited. Does not come where the connection ends before that. */
  resumed?(connection: WebSocketConnection): void;
}

/**
 * Observes the handshakes and connections of an application. All callbacks are optional. They are called in the middle of
 * the library's work: they should return soon, and what one throws is an uncaught exception, as it is with
 * `node:diagnostics_channel`.
 */
export interface WebSocketObserver {
  /**
   * A handshake has arrived, and nothing has decided about it yet. `opened` or `refused` follows, unless the application
   * takes the handshake over with `takeOver()`.
   */
  handshake?(handshake: WebSocketHandshake): void;
  /** A request did not get a WebSocket. */
  refused?(handshake: WebSocketHandshake, refusal: WebSocketRefusal): void;
  /**
   * A handshake was accepted; the application has not got the connection yet.
   *
   * @returns an observer of this connection, if it is to be observed more closely
   */
  opened?(connection: WebSocketConnection, handshake: WebSocketHandshake): WebSocketConnectionObserver | undefined;
  /**
   * A connection has ended. Its counts are final.
   *
   * @param error what the handler threw, or else what ended the connection; undefined after an orderly close
   */
  closed?(connection: WebSocketConnection, closed: WebSocketClosed, error: unknown): void;
}
