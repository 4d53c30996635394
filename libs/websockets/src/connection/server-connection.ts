import { AsyncResource } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import { ProtocolError, WebSocketCloseStatus } from '../protocol/close-status.js';
import type { FragmentHandler } from '../protocol/fragment.js';
import { Opcode } from '../protocol/frame-header.js';
import type { DeflateParameters } from '../protocol/permessage-deflate.js';
import { checkClose, CloseHandshake, type ClosingConnection } from './close-handshake.js';
import { KeepAlive, type KeepAliveTarget } from './keep-alive.js';
import { MessageCompression } from './message-compression.js';
import { MessageRate } from './message-rate.js';
import { MessageReceiver, type ReceiverEvents } from './message-receiver.js';
import { MessageSender } from './message-sender.js';
import type { ConnectionObservers } from './observers.js';
import { OutputBuffer } from './output-buffer.js';
import { Pings } from './pings.js';
import type { WebSocketData } from './prepared-message.js';
import type {
  PeerClose,
  WebSocketClosed,
  WebSocketConnection,
  WebSocketMessagesOptions,
  WebSocketSendOptions,
  WebSocketState,
} from './web-socket-connection.js';
import { WebSocketError } from './web-socket-error.js';
import { readMessages, type WebSocketMessage } from './web-socket-message.js';
import { resolveConnectionOptions, type WebSocketConnectionOptions } from './web-socket-options.js';

const NO_BYTES = Buffer.alloc(0);

/** What is known of a connection from its handshake. */
export interface AcceptedHandshake {
  readonly path: string;
  readonly httpVersion: '1.1' | '2';
  readonly remoteAddress: string;
  readonly subprotocol?: string;
  /** What was agreed on, as `Sec-WebSocket-Extensions` has it. Default: nothing. */
  readonly extensions?: string;
}

let latestId = 0;

/**
 * A `WebSocketConnection` over any `Duplex`. It connects the parts, of which each has one concern: bytes that arrive go
 * through the receiver to the handler, what is sent goes through the sender to the output, `CloseHandshake` decides how all
 * of it ends. The parts call it back by their interfaces, and not by closures: an idle connection then takes less memory.
 */
export class ServerConnection implements WebSocketConnection, ReceiverEvents, ClosingConnection, KeepAliveTarget {
  readonly id = ++latestId;
  readonly path: string;
  readonly remoteAddress: string;
  readonly httpVersion: '1.1' | '2';
  readonly subprotocol: string | undefined;
  readonly extensions: string;
  readonly since = Date.now();

  /** Called with each ping, which is answered already. The payload is a view into the bytes of a read. */
  pingListener: ((payload: Buffer) => void) | undefined;
  /** Called with each pong, likewise. */
  pongListener: ((payload: Buffer) => void) | undefined;
  /** What the handler threw, if it failed. */
  handlerError: unknown;

  private readonly closeHandshake: CloseHandshake;
  private readonly receiver: MessageReceiver;
  private readonly output: OutputBuffer;
  private readonly sender: MessageSender;
  private readonly compression: MessageCompression | undefined;
  private readonly keepAlive: KeepAlive | undefined;
  /** Made for the first ping of the application. */
  private pings: Pings | undefined;
  private receivedBytes = 0;
  private latestRoundTripTime: number | undefined;
  /** Whether the peer ended its half of the transport; some of its bytes may still be held. */
  private hasPeerEnded = false;
  private applicationContext: Map<unknown, unknown> | undefined;
  private observers: ConnectionObservers | undefined;
  /** The asynchronous context of the latest `receive`, in which its handler is called: `AsyncLocalStorage` works there. */
  private receiveContext: AsyncResource | undefined;

  /** @param deflate what was agreed on for permessage-deflate, if it was */
  constructor(
    private readonly socket: Duplex,
    private readonly options: Required<WebSocketConnectionOptions>,
    { path, httpVersion, remoteAddress, subprotocol, extensions = '' }: AcceptedHandshake,
    deflate?: DeflateParameters,
  ) {
    this.path = path;
    this.httpVersion = httpVersion;
    this.remoteAddress = remoteAddress;
    this.subprotocol = subprotocol;
    this.extensions = extensions;
    const { receiveBufferSize, sendBufferSize, maxMessagesPerSecond } = options;
    this.compression = deflate && new MessageCompression(deflate, receiveBufferSize);
    this.output = new OutputBuffer(socket, sendBufferSize);
    this.sender = new MessageSender(this.output, this.compression);
    this.closeHandshake = new CloseHandshake(socket, httpVersion, options.closeTimeout, this);
    this.receiver = new MessageReceiver(
      {
        receiveBufferSize,
        compression: this.compression,
        rate: maxMessagesPerSecond > 0 ? new MessageRate(maxMessagesPerSecond) : undefined,
        output: this.output,
      },
      this,
    );
    if (options.keepAliveInterval > 0 || options.receiveTimeout > 0) {
      this.keepAlive = new KeepAlive(options, this);
    }
    socket.on('data', (bytes: Buffer) => this.inReceiveContext(() => this.onData(bytes)));
    socket.on('drain', () => this.inReceiveContext(() => this.onDrain()));
    socket.on('end', () => this.onEnd());
    socket.on('error', (error) => this.closeHandshake.onTransportError(error));
    socket.on('close', () => this.onTransportClosed());
  }

  get context(): Map<unknown, unknown> {
    return (this.applicationContext ??= new Map());
  }

  get state(): WebSocketState {
    return this.closeHandshake.state;
  }

  get closed(): Promise<WebSocketClosed> {
    return this.closeHandshake.closed;
  }

  get peerClose(): PeerClose | undefined {
    return this.closeHandshake.peerClose;
  }

  get roundTripTime(): number | undefined {
    return this.latestRoundTripTime;
  }

  /** Messages that wait to be compressed count with their uncompressed size. */
  get bufferedAmount(): number {
    return this.output.bytesWaiting + this.sender.bytesToCompress;
  }

  get bytesReceived(): number {
    return this.receivedBytes;
  }

  get bytesSent(): number {
    return this.output.bytesWritten;
  }

  get messagesReceived(): number {
    return this.receiver.messagesReceived;
  }

  get messagesSent(): number {
    return this.sender.messagesSent;
  }

  receive(onFragment: FragmentHandler): Promise<PeerClose> {
    if (this.receiver.isWanted) {
      const message = 'receive() or messages() is under way on this connection; one at a time.';
      return Promise.reject(new WebSocketError('WS_ALREADY_RECEIVING', message));
    }
    const { peerClose, failure } = this.closeHandshake;
    if (peerClose !== undefined) {
      return Promise.resolve(peerClose);
    }
    if (failure !== undefined) {
      return Promise.reject(failure);
    }
    this.receiveContext = new AsyncResource('WebSocketConnection', { requireManualDestroy: true });
    // Not at once: no fragment is handed on before the caller has its promise.
    process.nextTick(() => this.resumeReceiving());
    return this.receiver.start(onFragment);
  }

  messages(options: WebSocketMessagesOptions = {}): AsyncGenerator<WebSocketMessage, void, void> {
    const { maxMessageSize = this.options.maxMessageSize, ...unknown } = options;
    const [name] = Object.keys(unknown);
    if (name !== undefined) {
      throw new WebSocketError('WS_INVALID_OPTION', `messages(): ${name} is not an option; there is maxMessageSize.`);
    }
    return readMessages(this, resolveConnectionOptions({ maxMessageSize }, this.options, 'messages()').maxMessageSize);
  }

  send(data: WebSocketData, options?: WebSocketSendOptions): Promise<boolean> {
    if (!this.closeHandshake.maySendMessages) {
      // Not settled yet: a loop that awaits each send must not keep the process from all other work.
      return new Promise((resolve) => setImmediate(resolve, false));
    }
    try {
      return this.sender.send(data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  ping(payload?: string | Uint8Array): Promise<number> {
    this.pings ??= new Pings((bytes) => this.sendPing(bytes));
    return this.pings.send(payload);
  }

  async close(status?: number, description = ''): Promise<void> {
    checkClose(status, description);
    this.closeHandshake.close({ by: 'server', status, description });
    await this.closed;
  }

  abort(): void {
    this.closeHandshake.abort();
  }

  /** What the handler threw, or else what ended the connection; undefined after an orderly close. */
  get failure(): unknown {
    return this.handlerError ?? this.closeHandshake.failure;
  }

  /** Tells observers what happens from now on. No byte has arrived or been sent yet. */
  observe(observers: ConnectionObservers): void {
    this.observers = observers;
    this.output.observer = observers;
  }

  /** Whether permessage-deflate was agreed on. */
  get compresses(): boolean {
    return this.compression !== undefined;
  }

  /** Whether the application has neither received nor sent anything. */
  get isUnused(): boolean {
    return !this.receiver.wasWanted && this.output.isUnused && this.sender.pending === undefined;
  }

  /** Whether `receive` or `messages` is under way. */
  get isReceiving(): boolean {
    return this.receiver.isWanted;
  }

  /** Whether the handler is at work on a message, or a message was sent in part. */
  get isAnswering(): boolean {
    return this.receiver.isHandling || this.sender.isInMessage;
  }

  /** Closes as `close` does, with its own time-out in ms. */
  async closeWithin(timeout: number, status: number, description: string): Promise<void> {
    this.closeHandshake.close({ by: 'server', status, description }, timeout);
    await this.closed;
  }

  /** Ends a `receive` whose promise is not waited for any more. Another one may follow. */
  stopReceiving(): void {
    this.receiver.cancel();
    this.resumeReceiving();
  }

  /** Sends a ping with at most 125 bytes, whose answer is not waited for. @returns false when the connection is closing */
  sendPing(payload: Buffer): boolean {
    return this.sendControlFrame(Opcode.ping, payload);
  }

  /** Sends an unsolicited pong with at most 125 bytes (RFC 6455 section 5.5.3). @returns as `sendPing` does */
  sendPong(payload: Buffer): boolean {
    return this.sendControlFrame(Opcode.pong, payload);
  }

  private sendControlFrame(opcode: number, payload: Buffer): boolean {
    const { maySendControlFrames } = this.closeHandshake;
    if (maySendControlFrames) {
      this.sender.sendControl(opcode, payload);
    }
    return maySendControlFrames;
  }

  // What keep-alive needs.

  isFlowing(): boolean {
    return !this.socket.isPaused() && !this.output.isFull;
  }

  sendProbe(payload: Buffer): boolean {
    // A peer that reads nothing is not sent more: its pings would accumulate in memory.
    return !this.output.isFull && this.sendPing(payload);
  }

  sendHeartbeat(): void {
    if (!this.output.isFull) {
      this.sendPong(NO_BYTES);
    }
  }

  onSilence(): void {
    this.closeHandshake.giveUp(`The peer did not answer a ping within ${this.options.keepAliveTimeout} ms.`);
  }

  onNoMessage(): void {
    const message = `No message came within ${this.options.receiveTimeout} ms.`;
    this.receiver.fail(this.closeHandshake.closeForPolicy(WebSocketCloseStatus.policyViolation, message));
  }

  // What the close handshake needs.

  get unfinishedSends(): Promise<unknown> | undefined {
    return this.sender.pending;
  }

  sendClose(payload: Buffer): boolean {
    const isFirst = this.output.isUnused;
    this.sender.sendControl(Opcode.close, payload);
    this.sender.stop();
    return isFirst;
  }

  onCloseStarted(): void {
    this.keepAlive?.stop();
  }

  onCloseSent(): void {
    this.receiver.drop();
    this.resumeReceiving();
  }

  onCloseReceived(close: PeerClose): void {
    if (!this.receiver.isWanted) {
      this.closeHandshake.close({ by: 'server', ...close }); // the application is not there to answer it
    } else if (!this.receiver.isHandling) {
      this.receiver.settle(close);
    }
  }

  onClosed(failure: WebSocketError | undefined): void {
    this.receiver.stop();
    this.settleReceive(failure === undefined ? this.peerClose : undefined, failure);
    this.pings?.end(failure);
    this.output.flush();
    this.sender.wake(true);
  }

  onAbandoned(failure: WebSocketError): void {
    this.receiver.stop();
    // The peer's close frame, if it has arrived, counts more than what happened after it.
    this.settleReceive(this.peerClose, failure);
    this.pings?.end(failure);
    this.sender.stop();
    this.sender.wake(false);
  }

  private settleReceive(peerClose: PeerClose | undefined, failure: WebSocketError | undefined): void {
    if (peerClose === undefined) {
      this.receiver.fail(failure);
    } else {
      this.receiver.settle(peerClose);
    }
  }

  // What the receiver tells.

  onPing(payload: Buffer): void {
    this.sendControlFrame(Opcode.pong, payload);
    this.pingListener?.(payload);
  }

  onPong(payload: Buffer): void {
    const sentAt = this.keepAlive?.onPong(payload);
    if (sentAt !== undefined) {
      this.pings?.answeredUntil(sentAt);
    }
    const roundTripTime = sentAt === undefined ? this.pings?.onPong(payload) : performance.now() - sentAt;
    this.latestRoundTripTime = roundTripTime ?? this.latestRoundTripTime;
    this.observers?.pong(payload.length, roundTripTime);
    this.pongListener?.(payload);
  }

  onCloseFrame(status: number | undefined, description: string): void {
    this.closeHandshake.receive({ status, description });
  }

  onInvalidMessage(error: ProtocolError): void {
    this.closeHandshake.fail(error);
  }

  onHandled(): void {
    const { peerClose } = this.closeHandshake;
    if (peerClose !== undefined) {
      this.receiver.settle(peerClose);
    }
    this.resumeReceiving();
  }

  /** Calls a listener of the socket in the context of `receive`, and not in that of the socket: once for each read. */
  private inReceiveContext(listener: () => void): void {
    if (this.receiveContext === undefined) {
      listener();
    } else {
      this.receiveContext.runInAsyncScope(listener);
    }
  }

  private onData(bytes: Buffer): void {
    if (this.closeHandshake.state === 'closed') {
      return; // both sides have closed
    }
    this.receivedBytes += bytes.length;
    this.observers?.read(bytes);
    this.parse(bytes);
    if (this.keepAlive !== undefined) {
      this.keepAlive.heard(this.receiver.hasMessage);
      this.receiver.hasMessage = false;
    }
    this.output.flushAfterRead();
    this.updateReading();
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
      this.closeHandshake.fail(error);
    } finally {
      this.output.willBeFlushed = false;
    }
  }

  /** Hands on fragments again, unless something else holds them back. */
  private resumeReceiving(): void {
    if (this.receiver.release()) {
      this.parse();
      this.output.flushSoon();
    }
    this.updateReading();
    if (this.hasPeerEnded && !this.receiver.isHolding) {
      this.onEnd();
    }
  }

  /** Reads on; or pauses, while bytes of the last read are held or the peer does not take what it is sent. */
  private updateReading(): void {
    if (this.closeHandshake.isOver) {
      return;
    }
    const isFull = this.output.isFull && !this.receiver.isDropping;
    if (isFull) {
      this.receiver.holdBack();
    }
    const shouldPause = this.receiver.isHolding || isFull;
    if (shouldPause !== this.socket.isPaused()) {
      if (shouldPause) {
        this.socket.pause();
      } else {
        this.socket.resume();
      }
    }
  }

  private onDrain(): void {
    this.output.isFull = false;
    this.observers?.drained();
    this.sender.wake(true);
    this.resumeReceiving();
  }

  /** The peer ended its half of the transport. Without a close frame that is a loss, but it is still sent what it has to get. */
  private onEnd(): void {
    this.hasPeerEnded = true;
    if ((this.receiver.isHolding || this.receiver.isHandling) && this.receiver.isWanted) {
      return; // what it sent before is handed on first: a close frame may be among it
    }
    if (this.sender.pending !== undefined) {
      void this.sender.pending.then(() => this.onEnd());
      return;
    }
    if (!this.closeHandshake.isOver) {
      this.output.flush();
      this.closeHandshake.onTransportEnd();
    }
  }

  private onTransportClosed(): void {
    this.keepAlive?.stop();
    this.compression?.close();
    this.closeHandshake.onTransportClosed();
  }
}
