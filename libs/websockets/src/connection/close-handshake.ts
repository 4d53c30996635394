import type { Duplex } from 'node:stream';
import {
  ABNORMAL_CLOSURE,
  MAX_CLOSE_DESCRIPTION_BYTES,
  maySendCloseStatus,
  type ProtocolError,
} from '../protocol/close-status.js';
import type { PeerClose, WebSocketClosed, WebSocketState } from './web-socket-connection.js';
import { WebSocketError } from './web-socket-error.js';

/** How long a peer has to end its half of the transport once it was sent everything, in ms. A shutdown waits for it. */
export const LINGER = 1000;

/** `WebSocketState`, with the two phases in which a close waits for messages that are still being compressed. */
type Phase = WebSocketState | 'closing' | 'answering';

/** What moves a connection from one phase to the next. */
type Step =
  /** This side wants to close: the application, a shutdown or a limit. */
  | 'close'
  /** The close frame of this side is sent. */
  | 'sent'
  /** The close frame of the peer has arrived. */
  | 'received'
  /** The peer broke the protocol: it is sent a close frame with the reason (RFC 6455 section 7.1.7). */
  | 'fail'
  /** No close frame can be exchanged: `abort()`, a time-out, or the transport ended. */
  | 'abandon';

/**
 * The close handshake of RFC 6455 section 7.1. A step that is not in the table has no effect.
 *
 * | `closed.by` | how the connection ends | status |
 * |---|---|---|
 * | `peer` | `received` comes before `sent` | that of the peer's close frame |
 * | `server` | `sent` comes before `received` | that of our close frame |
 * | `protocol` | `fail` comes before both | that of our close frame: 1002, 1007, 1009 |
 * | `timeout` | `abandon` after a ping or our close was not answered in time; `sent` after no message came in time | 1006; 1008 |
 * | `abort` | `abandon` by `abort()` | 1006 |
 * | `transport` | `abandon` as the transport ended without a close frame | 1006 |
 *
 * Once the peer's close frame has arrived, `abandon` does not change `by`.
 */
const TRANSITIONS: { readonly [phase in Phase]: { readonly [step in Step]?: Phase } } = {
  open: { close: 'closing', received: 'closeReceived', fail: 'closed', abandon: 'aborted' },
  closing: { sent: 'closeSent', received: 'answering', fail: 'closed', abandon: 'aborted' },
  closeSent: { received: 'closed', fail: 'closed', abandon: 'aborted' },
  closeReceived: { close: 'answering', fail: 'closed', abandon: 'aborted' },
  answering: { sent: 'closed', fail: 'closed', abandon: 'aborted' },
  closed: {},
  aborted: {},
};

/** A close that this side starts. */
export interface ServerClose extends PeerClose {
  readonly by: 'server' | 'timeout';
}

/** What the close handshake needs of its connection. */
export interface ClosingConnection {
  /** Settled when all messages sent so far are in the output; undefined when they are there already. */
  readonly unfinishedSends: Promise<unknown> | undefined;
  /** Sends a close frame, and no frame after it. @returns whether it is the first frame of this side */
  sendClose(payload: Buffer): boolean;
  /** The close handshake has started: no ping is needed any more. */
  onCloseStarted(): void;
  /** The close frame of this side is sent, and that of the peer is awaited. Messages that still come are dropped. */
  onCloseSent(): void;
  /** The close frame of the peer has arrived, and is not answered yet. */
  onCloseReceived(close: PeerClose): void;
  /** Both sides have closed, or the peer broke the protocol, which is `failure`. Nothing is received any more. */
  onClosed(failure: WebSocketError | undefined): void;
  /** The connection ended without a close handshake. Nothing is received or sent any more. */
  onAbandoned(failure: WebSocketError): void;
}

/** Closing: its states, its timers, and how the connection ended. */
export class CloseHandshake {
  /** How the connection ended, once its transport is closed. */
  readonly closed: Promise<WebSocketClosed>;
  /** The peer's close frame, once it has arrived. */
  peerClose: PeerClose | undefined;
  /** What ended the connection, unless that was the peer's close frame. */
  failure: WebSocketError | undefined;

  private phase: Phase = 'open';
  private ending: WebSocketClosed | undefined;
  private resolveClosed!: (how: WebSocketClosed) => void;
  private closeTimer: NodeJS.Timeout | undefined;
  private lingerTimer: NodeJS.Timeout | undefined;
  private isCloseTheOnlyFrame = false;

  constructor(
    private readonly socket: Duplex,
    private readonly httpVersion: '1.1' | '2',
    /** How long the whole handshake may take, in ms. */
    private readonly closeTimeout: number,
    private readonly connection: ClosingConnection,
  ) {
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
  }

  /** Where the connection is in its life. */
  get state(): WebSocketState {
    const { phase } = this;
    return phase === 'closing' ? 'closeSent' : phase === 'answering' ? 'closeReceived' : phase;
  }

  /** Whether the application may send messages. */
  get maySendMessages(): boolean {
    return this.phase === 'open' || this.phase === 'closeReceived';
  }

  /** Whether control frames may be sent: no close frame of this side was (RFC 6455 section 5.5.1). */
  get maySendControlFrames(): boolean {
    return this.maySendMessages || this.phase === 'closing' || this.phase === 'answering';
  }

  /** Whether the close handshake is over, or will not take place. */
  get isOver(): boolean {
    return this.phase === 'closed' || this.phase === 'aborted';
  }

  /**
   * Sends a close frame, after the messages that were sent before.
   *
   * @param timeout how long the rest of the handshake may take, in ms
   */
  close(close: ServerClose, timeout = this.closeTimeout): void {
    if (!this.take('close')) {
      return;
    }
    this.startTimer(timeout);
    const { unfinishedSends } = this.connection;
    if (unfinishedSends === undefined) {
      this.sendClose(close);
    } else {
      void unfinishedSends.then(() => this.sendClose(close));
    }
  }

  /** Closes with 1008 since the peer sent no message in time. @returns what `receive` fails with */
  closeForPolicy(status: number, description: string): WebSocketError {
    this.failure ??= new WebSocketError('WS_TIMEOUT', description, status);
    this.close({ by: 'timeout', status, description });
    return this.failure;
  }

  /** The peer's close frame has arrived. */
  receive(close: PeerClose): void {
    if (!this.take('received')) {
      return;
    }
    this.peerClose = close;
    this.ending ??= { by: 'peer', ...close };
    this.startTimer(this.closeTimeout);
    if (this.phase === 'closed') {
      this.finish();
    } else {
      this.connection.onCloseReceived(close);
    }
  }

  /** The peer broke the protocol: it is told how (RFC 6455 section 7.1.7). */
  fail(cause: ProtocolError): void {
    const { closeStatus: status, message: description } = cause;
    const mayTell = this.maySendControlFrames;
    if (!this.take('fail')) {
      return;
    }
    if (mayTell) {
      this.isCloseTheOnlyFrame = this.connection.sendClose(closePayload(status, description));
    }
    this.failure ??= new WebSocketError('WS_PROTOCOL_ERROR', `${description}.`, status, { cause });
    this.ending ??= { by: 'protocol', status, description };
    this.finish(this.failure);
  }

  /** Ends the connection at once. */
  abort(): void {
    this.abandon('abort', () => new WebSocketError('WS_ABORTED', 'The connection was aborted.', ABNORMAL_CLOSURE), '');
    this.socket.destroy();
  }

  /** Ends the connection at once, because the peer did not answer. `message` says what. */
  giveUp(message: string): void {
    this.abandon('timeout', () => new WebSocketError('WS_TIMEOUT', message, ABNORMAL_CLOSURE), message);
    this.socket.destroy();
  }

  /** The transport failed. A stream of HTTP/2 does not destroy itself then, and one with unread bytes never closes. */
  onTransportError(error: Error): void {
    this.abandonTransport(error);
    this.socket.destroy();
  }

  /** The peer ended its half of the transport, and everything that it sent before is handled. */
  onTransportEnd(): void {
    if (this.phase === 'open' || this.phase === 'closing' || this.phase === 'closeSent') {
      this.abandonTransport();
      this.socket.end();
      this.startTimer(this.closeTimeout);
    }
  }

  /** The transport is closed. */
  onTransportClosed(): void {
    clearTimeout(this.closeTimer);
    clearTimeout(this.lingerTimer);
    this.abandonTransport();
    this.resolveClosed(this.ending as WebSocketClosed);
  }

  private take(step: Step): boolean {
    const next = TRANSITIONS[this.phase][step];
    if (next === undefined) {
      return false;
    }
    this.phase = next;
    return true;
  }

  private sendClose(close: ServerClose): void {
    if (!this.take('sent')) {
      return;
    }
    this.isCloseTheOnlyFrame = this.connection.sendClose(closePayload(close.status, close.description));
    this.ending ??= close;
    if (this.phase === 'closed') {
      this.finish();
    } else {
      this.connection.onCloseSent();
    }
  }

  private abandonTransport(error?: Error): void {
    const message = 'The connection was closed prematurely, without a close frame.';
    const failure = (): WebSocketError =>
      new WebSocketError('WS_CLOSED_PREMATURELY', message, ABNORMAL_CLOSURE, { cause: error });
    this.abandon('transport', failure, '', error);
  }

  /** @param failure made only if it counts: an error with its stack is expensive */
  private abandon(
    by: 'abort' | 'timeout' | 'transport',
    failure: () => WebSocketError,
    description: string,
    error?: Error,
  ): void {
    if (!this.take('abandon')) {
      return;
    }
    if (this.peerClose === undefined) {
      const how = { by, status: ABNORMAL_CLOSURE, description };
      this.ending = error === undefined ? how : { ...how, error };
    }
    this.failure ??= failure();
    this.connection.onAbandoned(this.failure);
  }

  /** Sends what is left, ends this half of the transport, and drops what the peer still sends. */
  private finish(failure?: WebSocketError): void {
    const { socket } = this;
    this.connection.onClosed(failure);
    this.startTimer(this.closeTimeout);
    socket.once('finish', () => this.closeTransport());
    socket.end();
    // Bytes left unread would make the kernel reset the connection, and the peer would lose our close frame.
    socket.resume();
  }

  /**
   * This side has sent everything, and closes the transport first (RFC 6455 section 7.1.1).
   *
   * At once, where the peer has closed, too, and cannot lose anything. Otherwise the peer has `LINGER` to end its half.
   * If the peer still sends, as it does after a protocol error or to answer a ping, the kernel resets a connection that is
   * closed, and the peer loses what it has not read yet; so does a reset of an HTTP/2 stream.
   */
  private closeTransport(): void {
    if (this.peerClose !== undefined && this.isCloseTheOnlyFrame && this.httpVersion === '1.1') {
      this.socket.destroy();
    } else {
      this.lingerTimer = setTimeout(() => this.socket.destroy(), LINGER);
    }
  }

  /** Starts the one timer of the handshake, at its first step. */
  private startTimer(timeout: number): void {
    if (this.closeTimer === undefined) {
      this.connection.onCloseStarted();
      this.closeTimer = setTimeout(() => this.giveUp(`The connection was not closed within ${timeout} ms.`), timeout);
    }
  }
}

/** @throws WebSocketError `WS_INVALID_CLOSE` when no close frame may have this status or description. */
export function checkClose(status: number | undefined, description: string): void {
  if (status === undefined) {
    if (description !== '') {
      throw new WebSocketError(
        'WS_INVALID_CLOSE',
        `close() was given the description ${JSON.stringify(description)} without a status; it needs one.`,
      );
    }
    return;
  }
  if (!maySendCloseStatus(status)) {
    throw new WebSocketError(
      'WS_INVALID_CLOSE',
      `close() was given the status ${status}; 1000 to 1003, 1007 to 1014 and 3000 to 4999 may be sent.`,
    );
  }
  const bytes = Buffer.byteLength(description);
  if (bytes > MAX_CLOSE_DESCRIPTION_BYTES) {
    throw new WebSocketError(
      'WS_INVALID_CLOSE',
      `close() was given a description of ${bytes} bytes; at most ${MAX_CLOSE_DESCRIPTION_BYTES} fit.`,
    );
  }
}

/** The payload of a close frame (RFC 6455 section 5.5.1). */
function closePayload(status: number | undefined, description: string): Buffer {
  const payload = Buffer.allocUnsafe(status === undefined ? 0 : 2 + Buffer.byteLength(description));
  if (status !== undefined) {
    payload.writeUInt16BE(status, 0);
    payload.write(description, 2);
  }
  return payload;
}
