import type { FragmentHandler, WebSocketMessageType } from '../protocol/fragment.js';
import type { WebSocketData } from './prepared-message.js';
import type { WebSocketMessage } from './web-socket-message.js';

/**
 * Where a connection is in its life, as in ASP.NET Core's `WebSocketState`:
 *
 * - `open`: neither side has closed
 * - `closeSent`: this side has closed, and waits for the peer
 * - `closeReceived`: the peer has closed, and waits for this side
 * - `closed`: both have closed, or the peer broke the protocol and was told so
 * - `aborted`: the connection was lost, timed out or `abort()` was called
 */
export type WebSocketState = 'open' | 'closeSent' | 'closeReceived' | 'closed' | 'aborted';

/** The peer's close frame. */
export interface PeerClose {
  /** Its status; undefined when the frame has none (RFC 6455 section 7.1.5 calls that 1005). */
  readonly status: number | undefined;
  /** Its reason; may be empty. */
  readonly description: string;
}

/** How a connection ended. */
export interface WebSocketClosed {
  /**
   * What ended it:
   *
   * - `peer`: the peer sent the first close frame
   * - `server`: this side sent the first close frame
   * - `protocol`: the peer broke RFC 6455 or RFC 7692
   * - `timeout`: the peer did not answer, send a message or close in time
   * - `abort`: `abort()` was called
   * - `transport`: the transport ended without a close frame
   */
  readonly by: 'peer' | 'server' | 'protocol' | 'timeout' | 'abort' | 'transport';
  /**
   * The status of the close frame that ended the connection, undefined when that frame has none; 1006 when no close frame
   * did (RFC 6455 section 7.1.5).
   */
  readonly status: number | undefined;
  /** The reason that the close frame gives, or the reason of a time-out; may be empty. */
  readonly description: string;
  /** The error of the transport, if there is one. */
  readonly error?: Error;
}

/** How one message, or one part of a message, is sent. */
export interface WebSocketSendOptions {
  /**
   * Whether the message is text or binary. Default: text for a string, binary for bytes, and the type of a fragment or a
   * prepared message. A message has the type of its first part.
   */
  readonly type?: WebSocketMessageType;
  /** False when more parts of the message follow. Default true; for a fragment, what the fragment says. */
  readonly endOfMessage?: boolean;
  /**
   * False to send the message as it is on a connection that compresses, because it contains a secret, for example. The
   * first part of a message decides for all of it. Default true. No effect where compression was not agreed on.
   */
  readonly compress?: boolean;
}

/** Options of `WebSocketConnection.messages`. */
export interface WebSocketMessagesOptions {
  /** The largest message, in bytes; 1 or more. A larger one closes with 1009. Default: the connection's own limit. */
  readonly maxMessageSize?: number;
}

/**
 * The server's end of a WebSocket; what ASP.NET Core has as `WebSocket`.
 *
 * Messages are streamed: a handler gets each fragment as its bytes arrive. A connection whose peer does not read what it
 * is sent is not read either, so memory stays bounded whatever a peer sends.
 *
 * An interface, so that a test can pass a fake. The real ones come from `accept()` or are given to a gateway;
 * `connectedPair()` of `nest-raw-websockets/testing` makes one in memory.
 *
 * @see RFC 6455 sections 5 to 7
 */
export interface WebSocketConnection {
  /** A number that no other connection of the process has. */
  readonly id: number;
  /** The path and query of the request. */
  readonly path: string;
  /**
   * The address of the client, as `192.0.2.1` or `2001:db8::1`: that of the peer of the connection, or the one that a proxy
   * reports which `trustProxy` names. `unix` for the peer of a Unix socket.
   */
  readonly remoteAddress: string;
  /** The version of HTTP that the handshake used. */
  readonly httpVersion: '1.1' | '2';
  /** The subprotocol that was agreed on, if any (RFC 6455 section 1.9). */
  readonly subprotocol: string | undefined;
  /** The extensions that were agreed on, as `Sec-WebSocket-Extensions` has them; empty without any (RFC 6455 section 9.1). */
  readonly extensions: string;
  /** When it was accepted, in ms since 1970, like `Date.now()`. */
  readonly since: number;
  /** For the application: what it wants to keep with the connection. The library does not use it. */
  readonly context: Map<unknown, unknown>;

  /** Where the connection is in its life. */
  readonly state: WebSocketState;
  /** The latest measured round-trip time in ms, by `ping()` or keep-alive; undefined until a ping was answered. */
  readonly roundTripTime: number | undefined;
  /** How many bytes wait to be sent: in this process, not yet taken by the operating system. */
  readonly bufferedAmount: number;
  /** The peer's close frame, once it has arrived. */
  readonly peerClose: PeerClose | undefined;
  /** How the connection ended, once it has. Never rejects. */
  readonly closed: Promise<WebSocketClosed>;

  /** How many bytes of frames were received. */
  readonly bytesReceived: number;
  /** How many bytes of frames were sent. */
  readonly bytesSent: number;
  /** How many whole messages were received. */
  readonly messagesReceived: number;
  /** How many whole messages were sent. */
  readonly messagesSent: number;

  /**
   * Calls `onFragment` for each fragment as its bytes arrive, and resolves with the peer's close frame.
   *
   * Reading pauses while a promise that `onFragment` returned is pending, and while more than `sendBufferSize` bytes wait
   * to be sent. `onFragment` is called in the asynchronous context of this call, so that a store of `AsyncLocalStorage` is
   * there. Before the first `receive` nothing is read beyond the start of the first message; pings and a close frame
   * before it are answered all the same.
   *
   * @throws WebSocketError `WS_CLOSED_PREMATURELY` when the transport ends without a close frame; `WS_PROTOCOL_ERROR`,
   * `WS_TIMEOUT` or `WS_ABORTED` when that ended the connection; `WS_ALREADY_RECEIVING` when another call is under way.
   * What `onFragment` throws.
   */
  receive(onFragment: FragmentHandler): Promise<PeerClose>;

  /**
   * Whole messages, one after the other, until the peer closes: text as a string, binary as a Buffer.
   *
   * @throws WebSocketError what `receive` throws; `WS_MESSAGE_TOO_BIG`, after closing with 1009, when a message is larger
   * than `maxMessageSize`; `WS_INVALID_OPTION`
   */
  messages(options?: WebSocketMessagesOptions): AsyncIterable<WebSocketMessage>;

  /**
   * Sends a message or a part of one. All frames of one turn of the event loop leave in one write.
   *
   * Bytes are not always copied: do not change them before the promise is settled and the turn is over. The sender has to
   * see to it that bytes sent as text are UTF-8.
   *
   * @param data text, bytes, a fragment that `receive` handed on, or a message that is prepared for many connections
   * @returns a promise that is already settled (the shared `SENT`) while the peer keeps up. While more than
   * `sendBufferSize` bytes wait, it settles when they are gone. It resolves with false when the data was not sent, because
   * this side has closed or the connection ended: `closed` tells why.
   * @throws WebSocketError `WS_INVALID_DATA`
   */
  send(data: WebSocketData, options?: WebSocketSendOptions): Promise<boolean>;

  /**
   * Sends a ping, and resolves with the round-trip time in ms once the peer has answered it (RFC 6455 section 5.5.2). A
   * peer may answer only the latest of several pings; its answer then counts for those before it, too.
   *
   * A caller may ignore the promise: its rejection is never reported as unhandled.
   *
   * @param payload at most 125 bytes; default: a payload that no other ping of this connection has
   * @throws WebSocketError `WS_INVALID_DATA` for a longer payload; `WS_NOT_OPEN` when the connection was closing already;
   * when the connection ends before the answer, what ended it or `WS_NOT_OPEN` after an orderly close
   */
  ping(payload?: string | Uint8Array): Promise<number>;

  /**
   * Closes, or answers the peer's close (RFC 6455 section 7.1.2). Messages sent before arrive before; messages that still
   * come are dropped. The first close counts; a later one only waits.
   *
   * @param status 1000 to 1003, 1007 to 1014 or 3000 to 4999; undefined for a close frame without a status
   * @param description at most 123 bytes of UTF-8; needs a status. Default empty.
   * @returns when the connection has ended, at most `closeTimeout` later
   * @throws WebSocketError `WS_INVALID_CLOSE`
   */
  close(status?: number, description?: string): Promise<void>;

  /** Ends the connection at once, without a close frame. Everything that waits for it is woken. */
  abort(): void;
}
