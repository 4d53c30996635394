import type { Duplex } from 'node:stream';
import { OutputBuffer } from './output-buffer.js';
import { MAX_CLOSE_DESCRIPTION_BYTES, maySendCloseStatus } from './protocol/close-status.js';
import { Fragment, type WebSocketMessageType } from './protocol/fragment.js';
import { FrameParser } from './protocol/frame-parser.js';
import { FIN, Opcode } from './protocol/opcode.js';
import { ProtocolError } from './protocol/protocol-error.js';
import { readMessages, type WebSocketMessage } from './web-socket-message.js';
import { WebSocketError } from './web-socket-error.js';
import type { WebSocketOptions } from './web-socket-options.js';

/**
 * Where a connection is in its life, as in ASP.NET Core's `WebSocketState`: `closeSent` and `closeReceived` are halves
 * of the close handshake, `closed` is after both or after a protocol error, `aborted` after a loss, a time-out or `abort`.
 */
export type WebSocketState = 'open' | 'closeSent' | 'closeReceived' | 'closed' | 'aborted';

/** The peer's close frame. */
export interface WebSocketCloseResult {
  /** Its status; undefined when the frame had none (RFC 6455 section 7.1.5 calls that 1005). */
  readonly status: number | undefined;
  /** Its reason; may be empty. */
  readonly description: string;
}

/** How a connection ended. */
export interface WebSocketClosed extends WebSocketCloseResult {
  /**
   * - `peer`: the peer sent the first close frame; `status` and `description` are its own
   * - `server`: this side did; they are this side's
   * - `protocolError`: the peer broke the protocol and was told `status`
   * - `timeout`: the peer did not answer in time
   * - `aborted`: `abort()` was called
   * - `transportLost`: the bytes ended without a close frame
   *
   * In the last three cases the status is 1006.
   */
  readonly reason: 'peer' | 'server' | 'protocolError' | 'timeout' | 'aborted' | 'transportLost';
  /** What the operating system said, where it said something. */
  readonly error?: Error;
}

/** What `receive` calls with each fragment. While a promise that it returned is pending, nothing more is read. */
export type FragmentHandler = (fragment: Fragment) => void | Promise<void>;

/** What `send` takes. Strings are sent as UTF-8. */
export type WebSocketData = Fragment | string | Uint8Array | ArrayBuffer;

/** The status that a connection has which ended without a close frame (RFC 6455 section 7.1.5). */
const ABNORMAL_CLOSURE = 1006;

interface PendingReceive {
  readonly onFragment: FragmentHandler;
  readonly resolve: (close: WebSocketCloseResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The server's end of a WebSocket, over any `Duplex`: what ASP.NET Core's `WebSocket` is there.
 *
 * Messages are streamed: they come fragment by fragment as their bytes arrive, and a connection whose peer does not
 * read what it is sent is not read either. So memory stays bounded, whatever a peer sends.
 *
 * @see RFC 6455 sections 5 to 7
 */
export class WebSocketConnection {
  /** How the connection ended, once it has. Never rejects. */
  readonly closed: Promise<WebSocketClosed>;

  /** @internal Told of every pong. */
  pongListener: ((payload: Buffer) => void) | undefined;

  private currentState: WebSocketState = 'open';
  private readonly parser: FrameParser;
  private readonly output: OutputBuffer;
  private resolveClosed: ((how: WebSocketClosed) => void) | undefined;

  private pendingReceive: PendingReceive | undefined;
  /** Whether a promise that the fragment handler returned is pending. */
  private isHandling = false;
  /** Whether the bytes of a read are being parsed; what is sent meanwhile is written when that is done. */
  private isReading = false;
  /** Whether a message goes out in fragments and the next one continues it. */
  private isSendingMessage = false;

  private receivedClose: WebSocketCloseResult | undefined;
  private ending: WebSocketClosed | undefined;
  /** What `receive` tells once the connection can no longer tell it a close frame. */
  private failure: WebSocketError | undefined;
  private drained: Promise<void> | undefined;
  private resolveDrained: (() => void) | undefined;
  private closeTimer: NodeJS.Timeout | undefined;

  /** @internal Connections are made by the handshake. */
  constructor(
    private readonly socket: Duplex,
    private readonly options: Required<WebSocketOptions>,
    /** The sub-protocol that was agreed on, if any (RFC 6455 section 1.9). */
    readonly subProtocol?: string,
  ) {
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
    this.parser = new FrameParser(
      {
        onFragment: (fragment) => this.onFragment(fragment),
        onPing: (payload) => this.onPing(payload),
        onPong: (payload) => this.pongListener?.(payload),
        onClose: (status, description) => this.onClose(status, description),
      },
      options.receiveBufferSize,
    );
    this.output = new OutputBuffer(socket, options.sendBufferSize);
    socket.on('data', (bytes: Buffer) => this.onData(bytes));
    socket.on('drain', () => this.onDrain());
    socket.on('end', () => this.onEnd());
    socket.on('error', (error) => this.onLost(error));
    socket.on('close', () => this.onTransportClosed());
  }

  /** Where the connection is in its life. */
  get state(): WebSocketState {
    return this.currentState;
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
    if (this.pendingReceive !== undefined) {
      const message = 'receive() or messages() is under way on this connection; one at a time.';
      return Promise.reject(new WebSocketError('WS_ALREADY_RECEIVING', message));
    }
    if (this.receivedClose !== undefined) {
      return Promise.resolve(this.receivedClose);
    }
    if (this.failure !== undefined) {
      return Promise.reject(this.failure);
    }
    return new Promise((resolve, reject) => {
      this.pendingReceive = { onFragment, resolve, reject };
      // Not at once: no fragment is handed on before the caller has its promise.
      process.nextTick(() => this.resumeFlow());
    });
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
   * @param data text, bytes, or a fragment as `receive` hands it on
   * @param type by default text for a string, binary for bytes, its own for a fragment. A message has the type of its
   * first part.
   * @param endOfMessage false when more parts of the message follow. Default true, or as the fragment has it.
   * @returns a promise when more than `sendBufferSize` bytes wait to be sent, settled when they are gone or the
   * connection is; otherwise nothing.
   * @throws WebSocketError `WS_INVALID_DATA`
   */
  send(data: WebSocketData, type?: WebSocketMessageType, endOfMessage?: boolean): void | Promise<void> {
    if (this.currentState !== 'open' && this.currentState !== 'closeReceived') {
      // A loop that awaits each send must not keep the process from everything else when the peer is gone.
      return new Promise((resolve) => setImmediate(resolve));
    }
    if (data instanceof Fragment) {
      const opcode = type === undefined ? data.opcode : opcodeOf(type);
      data.requireValid();
      this.sendFrame(opcode, endOfMessage ?? data.endOfMessage, data.chunk, data.start, data.end);
    } else {
      const bytes = bytesOf(data);
      const opcode = opcodeOf(type ?? (typeof data === 'string' ? 'text' : 'binary'));
      this.sendFrame(opcode, endOfMessage ?? true, bytes, 0, bytes.length);
    }
    return this.output.isFull ? this.untilDrained() : undefined;
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

  /** @internal Sends a ping with at most 125 bytes (RFC 6455 section 5.5.2). */
  ping(payload: Buffer): void {
    this.sendControlFrame(Opcode.ping, payload);
  }

  /** @internal How many bytes wait to be sent. */
  get bufferedAmount(): number {
    return this.socket.writableLength;
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
    this.pendingReceive = undefined;
    this.resumeFlow();
  }

  private onFragment(fragment: Fragment): void {
    const receive = this.pendingReceive;
    if (receive === undefined || this.currentState !== 'open') {
      return; // after this side's close: dropped
    }
    try {
      const handled = receive.onFragment(fragment);
      if (handled !== undefined) {
        this.awaitHandler(handled);
      } else if (this.output.isFull) {
        this.parser.isFlowing = false;
      }
    } catch (error) {
      this.failReceive(error);
    }
  }

  private onPing(payload: Buffer): void {
    this.sendControlFrame(Opcode.pong, payload);
  }

  private onClose(status: number | undefined, description: string): void {
    this.receivedClose = { status, description };
    if (this.currentState === 'closeSent') {
      this.settleReceive();
      this.endTransport();
      return;
    }
    this.ending = { reason: 'peer', status, description };
    this.currentState = 'closeReceived';
    this.startCloseTimer(this.options.closeTimeout);
    if (this.pendingReceive === undefined) {
      // Nobody is there who would answer it.
      this.startClose(status, description, this.options.closeTimeout);
    } else if (!this.isHandling) {
      this.settleReceive();
    }
  }

  private onData(bytes: Buffer): void {
    this.parse(bytes);
    this.output.flush();
    this.steerReading();
  }

  /** Parses the bytes of a read, or without them what is left of the last one. */
  private parse(bytes?: Buffer): void {
    this.isReading = true;
    try {
      if (bytes === undefined) {
        this.parser.resume();
      } else {
        this.parser.parse(bytes);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.failConnection(error);
    } finally {
      this.isReading = false;
    }
  }

  /** Lets fragments flow again, if nothing else holds them back. */
  private resumeFlow(): void {
    const isDropping = this.currentState === 'closeSent';
    const isWanted = this.pendingReceive !== undefined && !this.isHandling && !this.output.isFull;
    this.parser.isFlowing = isDropping || isWanted;
    if (this.parser.isFlowing && this.parser.isHolding) {
      this.parse();
      this.output.flushSoon();
    }
    this.steerReading();
  }

  /** Reads on, or pauses: while bytes of the last read are left, and while the peer does not take what it is sent. */
  private steerReading(): void {
    if (this.currentState === 'closed' || this.currentState === 'aborted') {
      return;
    }
    const { isFull } = this.output;
    if (isFull && this.currentState !== 'closeSent') {
      this.parser.isFlowing = false;
    }
    const shouldPause = this.parser.isHolding || (isFull && this.currentState !== 'closeSent');
    if (shouldPause !== this.socket.isPaused()) {
      if (shouldPause) {
        this.socket.pause();
      } else {
        this.socket.resume();
      }
    }
  }

  private awaitHandler(handled: void | Promise<void>): void {
    this.isHandling = true;
    this.parser.isFlowing = false;
    Promise.resolve(handled).then(
      () => {
        this.isHandling = false;
        if (this.receivedClose !== undefined) {
          this.settleReceive();
        }
        this.resumeFlow();
      },
      (error: unknown) => {
        this.isHandling = false;
        this.failReceive(error);
      },
    );
  }

  private settleReceive(): void {
    const receive = this.pendingReceive;
    this.pendingReceive = undefined;
    if (this.receivedClose !== undefined) {
      receive?.resolve(this.receivedClose);
    }
  }

  private failReceive(error: unknown): void {
    const receive = this.pendingReceive;
    this.pendingReceive = undefined;
    this.parser.isFlowing = this.currentState === 'closeSent';
    receive?.reject(error);
  }

  private sendFrame(opcode: number, endOfMessage: boolean, bytes: Buffer, start: number, end: number): void {
    const firstByte = (endOfMessage ? FIN : 0) | (this.isSendingMessage ? Opcode.continuation : opcode);
    this.isSendingMessage = !endOfMessage;
    this.output.frame(firstByte, bytes, start, end);
    if (!this.isReading) {
      this.output.flushSoon();
    }
  }

  private untilDrained(): Promise<void> {
    return (this.drained ??= new Promise((resolve) => (this.resolveDrained = resolve)));
  }

  private wakeSenders(): void {
    this.drained = undefined;
    this.resolveDrained?.();
  }

  private onDrain(): void {
    this.output.isFull = false;
    this.wakeSenders();
    this.resumeFlow();
  }

  private startClose(status: number | undefined, description: string, timeout: number): void {
    if (this.currentState !== 'open' && this.currentState !== 'closeReceived') {
      return;
    }
    const answersPeer = this.currentState === 'closeReceived';
    this.sendCloseFrame(status, description);
    if (answersPeer) {
      this.endTransport();
      return;
    }
    this.ending = { reason: 'server', status, description };
    this.currentState = 'closeSent';
    this.startCloseTimer(timeout);
    this.resumeFlow();
  }

  private sendCloseFrame(status: number | undefined, description: string): void {
    const payload = Buffer.allocUnsafe(status === undefined ? 0 : 2 + Buffer.byteLength(description));
    if (status !== undefined) {
      payload.writeUInt16BE(status, 0);
      payload.write(description, 2);
    }
    this.sendControlFrame(Opcode.close, payload);
  }

  private sendControlFrame(opcode: number, payload: Buffer): void {
    if (this.currentState !== 'open' && this.currentState !== 'closeReceived') {
      return;
    }
    this.output.frame(FIN | opcode, payload, 0, payload.length);
    if (!this.isReading) {
      this.output.flushSoon();
    }
  }

  /** RFC 6455 section 7.1.7: tells the peer what it did wrong, and ends. */
  private failConnection(cause: ProtocolError): void {
    if (this.currentState === 'open') {
      this.sendCloseFrame(cause.closeStatus, cause.message);
    }
    const error = new WebSocketError('WS_PROTOCOL_ERROR', `${cause.message}.`, cause.closeStatus, { cause });
    this.failure ??= error;
    this.ending ??= { reason: 'protocolError', status: cause.closeStatus, description: cause.message };
    this.failReceive(error);
    this.endTransport();
  }

  /** Both sides have closed: sends what is left, then ends this half, and drops what comes until the peer ends its own. */
  private endTransport(): void {
    this.currentState = 'closed';
    this.parser.stop();
    this.output.flush();
    this.wakeSenders();
    this.socket.removeAllListeners('data');
    this.socket.end();
    // Bytes left unread would make the kernel reset the connection, and the peer would lose our close frame.
    this.socket.resume();
    this.startCloseTimer(this.options.closeTimeout);
  }

  private startCloseTimer(timeout: number): void {
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
    if (this.currentState !== 'closed' && this.currentState !== 'closeReceived') {
      this.output.flush();
      this.onLost();
      this.socket.end();
      this.startCloseTimer(this.options.closeTimeout);
    }
  }

  private onLost(error?: Error): void {
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
    this.parser.stop();
    if (this.receivedClose === undefined) {
      this.failReceive(failure);
    } else {
      this.settleReceive();
    }
    this.wakeSenders();
  }

  private onTransportClosed(): void {
    clearTimeout(this.closeTimer);
    this.onLost();
    this.resolveClosed?.(this.ending as WebSocketClosed);
  }
}

function opcodeOf(type: WebSocketMessageType): number {
  return type === 'text' ? Opcode.text : Opcode.binary;
}

function bytesOf(data: string | Uint8Array | ArrayBuffer): Buffer {
  if (typeof data === 'string') {
    return Buffer.from(data);
  }
  if (data instanceof Uint8Array) {
    return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer) {
    return Buffer.from(data);
  }
  const given = data === null ? 'null' : typeof data;
  throw new WebSocketError(
    'WS_INVALID_DATA',
    `send() takes a string, a Uint8Array, an ArrayBuffer or a fragment, but was given ${given}.`,
  );
}

function checkClose(status: number | undefined, description: string): void {
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
