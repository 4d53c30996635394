import type { Duplex } from 'node:stream';
import { MessageRate } from './message-rate.js';
import { OutputBuffer } from './output-buffer.js';
import { KeepAlive } from './keep-alive.js';
import { MessageCompression } from './message-compression.js';
import { MessageReceiver, type FragmentHandler } from './message-receiver.js';
import { MessageSender, type WebSocketSendOptions } from './message-sender.js';
import { WebSocketCloseStatus } from '../protocol/close-status.js';
import type { WebSocketMessageType } from '../protocol/fragment.js';
import { Opcode } from '../protocol/opcode.js';
import type { DeflateParameters } from '../protocol/permessage-deflate.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import {
  ABNORMAL_CLOSURE,
  checkClose,
  closePayload,
  LINGER,
  type WebSocketClosed,
  type WebSocketCloseResult,
  type WebSocketState,
} from './web-socket-close.js';
import type { WebSocketData } from './web-socket-data.js';
import { readMessages, type WebSocketMessage } from './web-socket-message.js';
import { WebSocketError } from './web-socket-error.js';
import type { WebSocketConnectionOptions } from './web-socket-options.js';

const NO_BYTES = Buffer.alloc(0);

/** What a handshake tells of its connection. */
export interface AcceptedHandshake {
  readonly path: string;
  readonly protocol: 'h1' | 'h2';
  readonly remoteAddress: string;
  readonly subProtocol?: string;
}

let latestId = 0;

/**
 * The server's end of a WebSocket, over any `Duplex`: what ASP.NET Core's `WebSocket` is there.
 *
 * Messages are streamed: they come fragment by fragment as their bytes arrive, and a connection whose peer does not
 * read what it is sent is not read either. So memory stays bounded, whatever a peer sends.
 *
 * @see RFC 6455 sections 5 to 7
 */
export class WebSocketConnection {
  /** A number that no other connection of the process has. */
  readonly id = ++latestId;
  /** The path and query of the request. */
  readonly path: string;
  /** The version of HTTP beneath: `h1` for HTTP/1.1, `h2` for HTTP/2. */
  readonly protocol: 'h1' | 'h2';
  /** The address of the client, or of the proxy before it. */
  readonly remoteAddress: string;
  /** The sub-protocol that was agreed on, if any (RFC 6455 section 1.9). */
  readonly subProtocol: string | undefined;
  /** When it was accepted, as `Date.now()` has it. */
  readonly since = Date.now();

  /** How the connection ended, once it has. Never rejects. */
  readonly closed: Promise<WebSocketClosed>;

  /** @internal Told of every ping; it has been answered. */
  pingListener: ((payload: Buffer) => void) | undefined;
  /** @internal Told of every pong. */
  pongListener: ((payload: Buffer) => void) | undefined;

  private receivedBytes = 0;
  private currentState: WebSocketState = 'open';
  private readonly receiver: MessageReceiver;
  private readonly output: OutputBuffer;
  private readonly sender: MessageSender;
  /** Where permessage-deflate was agreed on. */
  private readonly compression: MessageCompression | undefined;
  private resolveClosed: ((how: WebSocketClosed) => void) | undefined;

  /** Whether a close waits for messages that are being compressed. */
  private isClosing = false;

  /** Whether this side sent a close frame and nothing before it. */
  private isCloseAllThatWasSent = false;
  /** Whether the peer ended its half; bytes of it may be held still. */
  private hasPeerEnded = false;
  private receivedClose: WebSocketCloseResult | undefined;
  private ending: WebSocketClosed | undefined;
  /** What `receive` tells once the connection can no longer tell it a close frame. */
  private failure: WebSocketError | undefined;
  private closeTimer: NodeJS.Timeout | undefined;
  private lingerTimer: NodeJS.Timeout | undefined;
  private readonly keepAlive: KeepAlive | undefined;

  /** @internal Connections are made by the handshake. */
  constructor(
    private readonly socket: Duplex,
    private readonly options: Required<WebSocketConnectionOptions>,
    { path, protocol, remoteAddress, subProtocol }: AcceptedHandshake,
    deflate?: DeflateParameters,
  ) {
    this.path = path;
    this.protocol = protocol;
    this.remoteAddress = remoteAddress;
    this.subProtocol = subProtocol;
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
    const { receiveBufferSize, sendBufferSize, maxMessagesPerSecond } = options;
    this.compression = deflate && new MessageCompression(deflate, receiveBufferSize);
    this.output = new OutputBuffer(socket, sendBufferSize);
    this.sender = new MessageSender(this.output, this.compression);
    this.receiver = new MessageReceiver(
      {
        receiveBufferSize,
        compression: this.compression,
        rate: maxMessagesPerSecond > 0 ? new MessageRate(maxMessagesPerSecond) : undefined,
        output: this.output,
      },
      {
        onPing: (payload) => this.onPing(payload),
        onPong: (payload) => this.onPong(payload),
        onClose: (status, description) => this.onClose(status, description),
        onHandled: () => this.onHandled(),
        onInvalidMessage: (error) => this.failConnection(error),
      },
    );
    if (options.keepAliveInterval > 0 || options.receiveTimeout > 0) {
      this.keepAlive = new KeepAlive(options, {
        isReading: () => !socket.isPaused(),
        // A peer that reads nothing is sent no more: its pings would wait in memory, one after the other.
        sendPing: (payload) => !this.output.isFull && this.ping(payload),
        sendPong: () => !this.output.isFull && this.sendControlFrame(Opcode.pong, NO_BYTES),
        onSilence: () => this.onSilence(),
        onNoMessage: () => this.onNoMessage(),
      });
    }
    socket.on('data', (bytes: Buffer) => this.onData(bytes));
    socket.on('drain', () => this.onDrain());
    socket.on('end', () => this.onEnd());
    socket.on('error', (error) => this.onTransportError(error));
    socket.on('close', () => this.onTransportClosed());
  }

  /** Where the connection is in its life. */
  get state(): WebSocketState {
    return this.currentState;
  }

  /** How many bytes of frames came. */
  get bytesReceived(): number {
    return this.receivedBytes;
  }

  /** How many bytes of frames were sent. */
  get bytesSent(): number {
    return this.output.bytesWritten;
  }

  /** How many messages came whole. */
  get messagesReceived(): number {
    return this.receiver.messagesReceived;
  }

  /** How many messages were sent whole. */
  get messagesSent(): number {
    return this.sender.messagesSent;
  }

  /** How long the peer took to answer a keep-alive ping, in ms, at last; undefined before the first answer. */
  get roundTripTime(): number | undefined {
    return this.keepAlive?.roundTripTime;
  }

  /** The peer's close frame, once it has come. */
  get peerClose(): WebSocketCloseResult | undefined {
    return this.receivedClose;
  }

  /**
   * Calls `onFragment` for each fragment as its bytes arrive, and resolves with the peer's close.
   *
   * Reading pauses while a promise that `onFragment` returned is pending, and while more than `sendBufferSize` bytes
   * wait to be sent. Before the first `receive` nothing is read beyond the start of the first message; pings and the
   * peer's close are answered all the same.
   *
   * @throws WebSocketError `WS_CLOSED_PREMATURELY` when the bytes end without a close frame, `WS_PROTOCOL_ERROR`,
   * `WS_TIMEOUT` or `WS_ABORTED` when that ended the connection, `WS_ALREADY_RECEIVING`; and whatever `onFragment` throws.
   */
  receive(onFragment: FragmentHandler): Promise<WebSocketCloseResult> {
    if (this.receiver.isWanted) {
      const message = 'receive() or messages() is under way on this connection; one at a time.';
      return Promise.reject(new WebSocketError('WS_ALREADY_RECEIVING', message));
    }
    if (this.receivedClose !== undefined) {
      return Promise.resolve(this.receivedClose);
    }
    if (this.failure !== undefined) {
      return Promise.reject(this.failure);
    }
    // Not at once: no fragment is handed on before the caller has its promise.
    process.nextTick(() => this.resumeFlow());
    return this.receiver.start(onFragment);
  }

  /**
   * Whole messages, one after the other, until the peer closes: text as a string, binary as a Buffer.
   *
   * @throws WebSocketError as `receive` does; `WS_MESSAGE_TOO_BIG`, after closing with 1009, when a message is larger
   * than `maxMessageSize`.
   */
  messages(): AsyncGenerator<WebSocketMessage, void, void> {
    return readMessages(this, this.options.maxMessageSize);
  }

  /**
   * Sends a message or a part of one. It leaves with all else that is sent in this turn of the event loop, in one write.
   *
   * Bytes are not always copied: do not change them before they are sent. That text is UTF-8 is up to the sender. Once
   * this side has closed or the connection is lost nothing is sent and nothing is thrown: `closed` tells why.
   *
   * @param data text, bytes, a fragment as `receive` hands it on, or a message that is prepared for many connections
   * @param type by default text for a string, binary for bytes, its own for the others. A message has the type of its
   * first part.
   * @param endOfMessage false when more parts of the message follow. Default true, or as the fragment has it.
   * @param options `disableCompression` sends a message as it is where others are compressed; its first part counts
   * @returns a promise when more than `sendBufferSize` bytes wait to be sent, settled when they are gone or the
   * connection is, and always where messages are compressed; otherwise nothing.
   * @throws WebSocketError `WS_INVALID_DATA`
   */
  send(
    data: WebSocketData,
    type?: WebSocketMessageType,
    endOfMessage?: boolean,
    options?: WebSocketSendOptions,
  ): void | Promise<void> {
    if (!this.maySend || this.isClosing) {
      // A loop that awaits each send must not keep the process from everything else when the peer is gone.
      return new Promise((resolve) => setImmediate(resolve));
    }
    return this.sender.send(data, type, endOfMessage, options);
  }

  /**
   * Closes, or answers the peer's close (RFC 6455 section 7.1.2). What was sent before arrives before; messages that
   * still come are dropped. Closing twice is no error: the first close counts.
   *
   * @param status 1000 to 1003, 1007 to 1014 or 3000 to 4999; undefined for a close frame without a status
   * @param description at most 123 bytes of UTF-8; needs a status
   * @returns when the connection has ended, at most `closeTimeout` later
   * @throws WebSocketError `WS_INVALID_CLOSE`
   */
  async close(status?: number, description = ''): Promise<void> {
    checkClose(status, description);
    this.startClose(status, description, this.options.closeTimeout);
    await this.closed;
  }

  /** @internal Whether permessage-deflate was agreed on. */
  get compresses(): boolean {
    return this.compression !== undefined;
  }

  /** @internal Whether the application has neither received nor sent anything. */
  get isUnused(): boolean {
    return !this.receiver.wasWanted && this.output.isUnused && this.sender.pending === undefined;
  }

  /** @internal Whether `receive` or `messages` is under way. */
  get isReceiving(): boolean {
    return this.receiver.isWanted;
  }

  /** @internal Sends a ping with at most 125 bytes (RFC 6455 section 5.5.2). */
  ping(payload: Buffer): void {
    this.sendControlFrame(Opcode.ping, payload);
  }

  /** @internal Sends a pong that no ping asked for, with at most 125 bytes (RFC 6455 section 5.5.3). */
  pong(payload: Buffer): void {
    this.sendControlFrame(Opcode.pong, payload);
  }

  /** @internal How many bytes wait to be sent. Those that wait to be compressed count as they are. */
  get bufferedAmount(): number {
    return this.output.bytesWaiting + this.sender.bytesToCompress;
  }

  /** @internal As `close`, with a time-out of its own in ms. */
  async closeWithin(timeout: number, status: number, description: string): Promise<void> {
    this.startClose(status, description, timeout);
    await this.closed;
  }

  /** Ends the connection at once, without a close frame. Wakes all that wait for it. */
  abort(): void {
    const error = new WebSocketError('WS_ABORTED', 'The connection was aborted.', ABNORMAL_CLOSURE);
    this.lose(error, { reason: 'aborted', status: ABNORMAL_CLOSURE, description: '' });
    this.socket.destroy();
  }

  /** @internal Ends a `receive` that nobody waits for any more. Another one may follow. */
  stopReceiving(): void {
    this.receiver.cancel();
    this.resumeFlow();
  }

  private onPong(payload: Buffer): void {
    this.keepAlive?.onPong(payload);
    this.pongListener?.(payload);
  }

  private onPing(payload: Buffer): void {
    this.sendControlFrame(Opcode.pong, payload);
    this.pingListener?.(payload);
  }

  private onClose(status: number | undefined, description: string): void {
    this.receivedClose = { status, description };
    if (this.currentState === 'closeSent') {
      this.receiver.settle(this.receivedClose);
      this.endTransport();
      return;
    }
    this.ending = { reason: 'peer', status, description };
    this.currentState = 'closeReceived';
    this.startCloseTimer(this.options.closeTimeout);
    if (!this.receiver.isWanted) {
      // Nobody is there who would answer it.
      this.startClose(status, description, this.options.closeTimeout);
    } else if (!this.receiver.isHandling) {
      this.receiver.settle(this.receivedClose);
    }
  }

  private onData(bytes: Buffer): void {
    if (this.currentState === 'closed') {
      return; // both sides have closed: dropped
    }
    this.receivedBytes += bytes.length;
    this.parse(bytes);
    if (this.keepAlive !== undefined) {
      this.keepAlive.heard(this.receiver.hasMessage);
      this.receiver.hasMessage = false;
    }
    this.output.flush();
    this.steerReading();
  }

  /** Parses the bytes of a read, or without them what is left of the last one. */
  private parse(bytes?: Buffer): void {
    this.output.willBeFlushed = true;
    try {
      if (bytes === undefined) {
        this.receiver.parseHeld();
      } else {
        this.receiver.parse(bytes);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.failConnection(error);
    } finally {
      this.output.willBeFlushed = false;
    }
  }

  private onHandled(): void {
    if (this.receivedClose !== undefined) {
      this.receiver.settle(this.receivedClose);
    }
    this.resumeFlow();
  }

  /** Lets fragments flow again, if nothing else holds them back. */
  private resumeFlow(): void {
    if (this.receiver.release()) {
      this.parse();
      this.output.flushSoon();
    }
    this.steerReading();
    if (this.hasPeerEnded && !this.receiver.isHolding) {
      this.onEnd();
    }
  }

  /** Reads on, or pauses: while bytes of the last read are left, and while the peer does not take what it is sent. */
  private steerReading(): void {
    if (this.currentState === 'closed' || this.currentState === 'aborted') {
      return;
    }
    const { isFull } = this.output;
    if (isFull && this.currentState !== 'closeSent') {
      this.receiver.holdBack();
    }
    const shouldPause = this.receiver.isHolding || (isFull && this.currentState !== 'closeSent');
    if (shouldPause !== this.socket.isPaused()) {
      if (shouldPause) {
        this.socket.pause();
      } else {
        this.socket.resume();
      }
    }
  }

  /** Whether data may be sent still: no close frame of this side has gone out (RFC 6455 section 5.5.1). */
  private get maySend(): boolean {
    return this.currentState === 'open' || this.currentState === 'closeReceived';
  }

  private onDrain(): void {
    this.output.isFull = false;
    this.sender.wake();
    this.resumeFlow();
  }

  private startClose(
    status: number | undefined,
    description: string,
    timeout: number,
    reason: 'server' | 'timeout' = 'server',
  ): void {
    if (!this.maySend || this.isClosing) {
      return;
    }
    const { pending } = this.sender;
    if (pending !== undefined) {
      this.isClosing = true;
      this.startCloseTimer(timeout);
      void pending.then(() => {
        this.isClosing = false;
        this.startClose(status, description, timeout, reason);
      });
      return;
    }
    const answersPeer = this.currentState === 'closeReceived';
    this.sendCloseFrame(status, description);
    if (answersPeer) {
      this.endTransport();
      return;
    }
    this.ending = { reason, status, description };
    this.currentState = 'closeSent';
    this.receiver.drop();
    this.startCloseTimer(timeout);
    this.resumeFlow();
  }

  private sendCloseFrame(status: number | undefined, description: string): void {
    this.isCloseAllThatWasSent = this.output.isUnused;
    this.sendControlFrame(Opcode.close, closePayload(status, description));
    this.sender.stop();
  }

  private sendControlFrame(opcode: number, payload: Buffer): void {
    if (this.maySend) {
      this.sender.sendControl(opcode, payload);
    }
  }

  /** RFC 6455 section 7.1.7: tells the peer what it did wrong, and ends. */
  private failConnection(cause: ProtocolError): void {
    this.sendCloseFrame(cause.closeStatus, cause.message);
    const error = new WebSocketError('WS_PROTOCOL_ERROR', `${cause.message}.`, cause.closeStatus, { cause });
    this.failure ??= error;
    this.ending ??= { reason: 'protocolError', status: cause.closeStatus, description: cause.message };
    this.receiver.fail(error);
    this.endTransport();
  }

  /** Both sides have closed, or the peer broke the protocol: sends what is left, then ends this half, and drops what comes. */
  private endTransport(): void {
    this.currentState = 'closed';
    this.receiver.stop();
    this.output.flush();
    this.sender.wake();
    this.socket.end();
    // Bytes left unread would make the kernel reset the connection, and the peer would lose our close frame.
    this.socket.resume();
    this.startCloseTimer(this.options.closeTimeout);
    this.socket.once('finish', () => this.endPeersHalf());
  }

  /**
   * The server has sent all that it had to send, and closes first (RFC 6455 section 7.1.1).
   *
   * It cuts the connection at once where the peer has closed, too, and can lose nothing. Otherwise the peer has `LINGER`
   * to end its half: when a peer still sends, as after a protocol error or to answer a ping, the kernel resets a
   * connection that is closed, and the peer loses what it has not read. An HTTP/2 stream that is reset loses it as well.
   */
  private endPeersHalf(): void {
    if (this.receivedClose !== undefined && this.isCloseAllThatWasSent && this.protocol === 'h1') {
      this.socket.destroy();
    } else {
      this.lingerTimer = setTimeout(() => this.socket.destroy(), LINGER);
    }
  }

  private onSilence(): void {
    const { keepAliveTimeout } = this.options;
    const message = `The peer did not answer a ping within ${keepAliveTimeout} ms.`;
    this.lose(new WebSocketError('WS_TIMEOUT', message, ABNORMAL_CLOSURE), {
      reason: 'timeout',
      status: ABNORMAL_CLOSURE,
      description: message,
    });
    this.socket.destroy();
  }

  private onNoMessage(): void {
    const message = `No message came within ${this.options.receiveTimeout} ms.`;
    const status = WebSocketCloseStatus.policyViolation;
    this.failure = new WebSocketError('WS_TIMEOUT', message, status);
    this.startClose(status, message, this.options.closeTimeout, 'timeout');
    this.receiver.fail(this.failure);
  }

  private startCloseTimer(timeout: number): void {
    this.keepAlive?.stop();
    this.closeTimer ??= setTimeout(() => this.onCloseTimeout(timeout), timeout);
  }

  private onCloseTimeout(timeout: number): void {
    if (this.currentState !== 'closed') {
      const message = `The connection was not closed within ${timeout} ms.`;
      this.lose(new WebSocketError('WS_TIMEOUT', message, ABNORMAL_CLOSURE), {
        reason: 'timeout',
        status: ABNORMAL_CLOSURE,
        description: message,
      });
    }
    this.socket.destroy();
  }

  /** The peer ended its half. Without a close frame that is a loss, but what it still has to get is sent. */
  private onEnd(): void {
    this.hasPeerEnded = true;
    if ((this.receiver.isHolding || this.receiver.isHandling) && this.receiver.isWanted) {
      return; // what it sent before is handed on first: a close frame may be among it
    }
    if (this.sender.pending !== undefined) {
      void this.sender.pending.then(() => this.onEnd());
      return;
    }
    if (this.currentState === 'open' || this.currentState === 'closeSent') {
      this.output.flush();
      this.onLost();
      this.socket.end();
      this.startCloseTimer(this.options.closeTimeout);
    }
  }

  /** A stream of HTTP/2 does not destroy itself after an error, and one with unread bytes would never be closed. */
  private onTransportError(error: Error): void {
    this.onLost(error);
    this.socket.destroy();
  }

  private onLost(error?: Error): void {
    if (this.currentState === 'closed' && !this.receiver.isWanted) {
      return; // as it should be; an error with its stack would be made for nobody
    }
    const message = 'The connection was closed prematurely, without a close frame.';
    const failure = new WebSocketError('WS_CLOSED_PREMATURELY', message, ABNORMAL_CLOSURE, { cause: error });
    this.lose(failure, { reason: 'transportLost', status: ABNORMAL_CLOSURE, description: '', error });
  }

  /** Ends without a close handshake: whoever waits is told, and `how` counts unless the peer's close has come. */
  private lose(failure: WebSocketError, how: WebSocketClosed): void {
    if (this.currentState !== 'closed' && this.currentState !== 'aborted') {
      this.currentState = 'aborted';
      this.ending = this.receivedClose === undefined ? how : this.ending;
    }
    this.failure ??= failure;
    this.receiver.stop();
    if (this.receivedClose === undefined) {
      this.receiver.fail(failure);
    } else {
      this.receiver.settle(this.receivedClose);
    }
    this.sender.stop();
    this.sender.wake();
  }

  private onTransportClosed(): void {
    clearTimeout(this.closeTimer);
    clearTimeout(this.lingerTimer);
    this.keepAlive?.stop();
    this.compression?.close();
    this.onLost();
    this.resolveClosed?.(this.ending as WebSocketClosed);
  }
}
