import { captureRejectionSymbol, EventEmitter } from 'node:events';
import { NO_STATUS_RECEIVED, WebSocketCloseStatus } from '../protocol/close-status.js';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../protocol/frame-header.js';
import { runHandler } from './serve-connection.js';
import { checkClose } from '../connection/close-handshake.js';
import type { ServerConnection } from '../connection/server-connection.js';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';

/** An event as browsers have it. Which of its properties there are depends on its type. */
export interface ClientEvent {
  readonly type?: string;
  readonly target?: unknown;
  /** Of a message: a string, or bytes as `binaryType` says. */
  readonly data?: unknown;
  /** Of a close: its status. */
  readonly code?: number;
  /** Of a close. */
  readonly reason?: string;
  /** Of a close: whether it came as a close frame. */
  readonly wasClean?: boolean;
  readonly error?: unknown;
}

/** An object that browsers call with an event. */
export interface EventListenerObject {
  // A method, not a property: so a listener may say more of its event than is known here, as the type of `data`.
  handleEvent(event: ClientEvent): unknown;
}

/** What browsers call with an event: a function, or an object with a method for it. */
export type EventListener = EventListenerObject['handleEvent'] | EventListenerObject;

/** What stands for a listener among those of an EventEmitter. */
type Wrapper = (...args: unknown[]) => unknown;

/** The listeners that were given to `addEventListener`, by what stands for them. */
const added = new WeakMap<object, EventListener>();

/**
 * An EventEmitter that takes listeners as browsers do, too, by `addEventListener` and `onmessage = ...`; what `ws` gives
 * its clients.
 */
export class EventTargetEmitter extends EventEmitter {
  /** What was assigned to `onmessage` and its like, by the type of the event. */
  private readonly assigned = new Map<string, { readonly listener: EventListener; readonly wrapper: Wrapper }>();

  /** Is never called: a server's client is open from the start. */
  get onopen(): EventListener | null {
    return this.assignedTo('open');
  }

  set onopen(listener: EventListener | null) {
    this.assign('open', listener);
  }

  /** Called with each message as `data`: a string, or bytes. */
  get onmessage(): EventListener | null {
    return this.assignedTo('message');
  }

  set onmessage(listener: EventListener | null) {
    this.assign('message', listener);
  }

  /** Called once, with `code`, `reason` and `wasClean`. */
  get onclose(): EventListener | null {
    return this.assignedTo('close');
  }

  set onclose(listener: EventListener | null) {
    this.assign('close', listener);
  }

  /** Is never called: what ends a connection is told by `close`. */
  get onerror(): EventListener | null {
    return this.assignedTo('error');
  }

  set onerror(listener: EventListener | null) {
    this.assign('error', listener);
  }

  /** As in browsers; `type` is `message` or `close`. */
  addEventListener(type: string, listener: EventListener, { once = false }: { once?: boolean } = {}): void {
    if (this.wrapperOf(type, listener) === undefined) {
      const wrapper = this.wrap(type, listener);
      added.set(wrapper, listener);
      this[once ? 'once' : 'on'](type, wrapper);
    }
  }

  removeEventListener(type: string, listener: EventListener): void {
    const wrapper = this.wrapperOf(type, listener);
    if (wrapper !== undefined) {
      this.off(type, wrapper);
    }
  }

  private wrapperOf(type: string, listener: EventListener): Wrapper | undefined {
    return (this.listeners(type) as Wrapper[]).find((one) => added.get(one) === listener);
  }

  private wrap(type: string, listener: EventListener): Wrapper {
    return (...args) => {
      const event = { type, target: this, ...eventOf(type, args) };
      return typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
    };
  }

  private assignedTo(type: string): EventListener | null {
    return this.assigned.get(type)?.listener ?? null;
  }

  private assign(type: string, listener: EventListener | null): void {
    const before = this.assigned.get(type);
    if (before !== undefined) {
      this.off(type, before.wrapper);
      this.assigned.delete(type);
    }
    if (typeof listener === 'function') {
      const wrapper = this.wrap(type, listener);
      this.assigned.set(type, { listener, wrapper });
      this.on(type, wrapper);
    }
  }
}

/** What browsers call the arguments of an event. */
function eventOf(type: string, [first, second]: unknown[]): ClientEvent {
  switch (type) {
    case 'message':
      return { data: second === true ? first : String(first) };
    case 'close':
      return { code: first as number, reason: String(second), wasClean: first !== 1006 };
    default:
      return { error: first };
  }
}

type SendCallback = (error?: Error) => void;

/** What `ws` sends: text, a number as text, or bytes. */
type Sendable = string | number | ArrayBufferLike | ArrayBufferView;

/** What the bytes of a binary message are handed on as. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';

const binaryTypes: Readonly<Record<BinaryType, (bytes: Buffer) => unknown>> = {
  nodebuffer: (bytes) => bytes,
  arraybuffer: (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  fragments: (bytes) => [bytes],
  blob: (bytes) => new Blob([bytes]),
};

interface SendOptions {
  readonly binary?: boolean;
  readonly fin?: boolean;
  readonly compress?: boolean;
}

const readyStates = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/**
 * What a stock gateway, one with `@SubscribeMessage` handlers, has as its client: a connection with the interface that
 * `ws` gives its own, as far as server code uses it, so that gateways written for `WsAdapter` work unchanged.
 *
 * Emits `message` (data, isBinary), `ping` (data), `pong` (data), `close` (code, reason) and no `error`.
 */
export class WsCompatibleClient extends EventTargetEmitter {
  static readonly CONNECTING = readyStates.CONNECTING;
  static readonly OPEN = readyStates.OPEN;
  static readonly CLOSING = readyStates.CLOSING;
  static readonly CLOSED = readyStates.CLOSED;
  readonly CONNECTING = readyStates.CONNECTING;
  readonly OPEN = readyStates.OPEN;
  readonly CLOSING = readyStates.CLOSING;
  readonly CLOSED = readyStates.CLOSED;

  private isOver = false;
  private currentBinaryType: BinaryType = 'nodebuffer';
  /** Settled by `resume`, or by the end of the connection; undefined while messages are emitted. */
  private paused: { readonly isOver: Promise<void>; readonly end: () => void } | undefined;
  /** Settled when all Blobs are read, and what was sent after them is on its way. */
  private blobs: Promise<void> | undefined;
  private bytesOfBlobs = 0;

  /** @internal Gateways are given clients. */
  constructor(private readonly serverConnection: ServerConnection) {
    super({ captureRejections: true });
    const connection = serverConnection;
    connection.pingListener = (payload) => this.emitCopy('ping', payload);
    connection.pongListener = (payload) => this.emitCopy('pong', payload);
    void connection.closed.then(({ status, description }) => {
      this.isOver = true;
      this.endPause();
      this.run('A listener of "close"', () =>
        this.emit('close', status ?? NO_STATUS_RECEIVED, Buffer.from(description)),
      );
    });
  }

  /** The connection beneath, with everything that `ws` does not have. */
  get connection(): WebSocketConnection {
    return this.serverConnection;
  }

  /** 1 open, 2 closing, 3 closed. */
  get readyState(): number {
    if (this.isOver) {
      return readyStates.CLOSED;
    }
    return this.connection.state === 'open' ? readyStates.OPEN : readyStates.CLOSING;
  }

  /** The subprotocol, or an empty string. */
  get protocol(): string {
    return this.connection.subprotocol ?? '';
  }

  /** `permessage-deflate` where messages are compressed, or an empty string. */
  get extensions(): string {
    return this.serverConnection.compresses ? 'permessage-deflate' : '';
  }

  /**
   * What the bytes of a binary message are handed on as: a Buffer, an ArrayBuffer, a list of Buffers or a Blob. Default
   * `nodebuffer`. Text is a Buffer in any case, and a string for browsers' listeners.
   */
  get binaryType(): BinaryType {
    return this.currentBinaryType;
  }

  /** @throws TypeError at another value */
  set binaryType(type: BinaryType) {
    if (!Object.hasOwn(binaryTypes, type)) {
      const accepted = Object.keys(binaryTypes).join(', ');
      throw new TypeError(`binaryType was given ${JSON.stringify(type)}; it can be ${accepted}.`);
    }
    this.currentBinaryType = type;
  }

  /** Whether `pause` was called, and `resume` was not. */
  get isPaused(): boolean {
    return this.paused !== undefined;
  }

  /** Of the socket beneath, what Nest's documented throttler asks for. All else is in `connection`. */
  get _socket(): { readonly remoteAddress: string } {
    return { remoteAddress: this.connection.remoteAddress };
  }

  /** How many bytes wait to be sent. */
  get bufferedAmount(): number {
    return this.connection.bufferedAmount + this.bytesOfBlobs;
  }

  /** Emits no message until `resume`, and reads nothing more of the peer. What was read before is emitted later. */
  pause(): void {
    if (!this.isOver && this.paused === undefined) {
      let end = (): void => {};
      const isOver = new Promise<void>((resolve) => (end = resolve));
      this.paused = { isOver, end };
    }
  }

  /** Emits messages again. */
  resume(): void {
    this.endPause();
  }

  /** @internal Emits each message from now on, until the peer closes. */
  async emitMessages(): Promise<void> {
    for await (const { type, data } of this.connection.messages()) {
      while (this.paused !== undefined) {
        await this.paused.isOver;
      }
      if (this.isOver) {
        return;
      }
      if (typeof data === 'string') {
        this.emit('message', Buffer.from(data), false);
      } else {
        this.emit('message', binaryTypes[this.currentBinaryType](data), type === 'binary');
      }
    }
  }

  /**
   * Sends a message: text for a string, binary for bytes, or as `binary` says.
   *
   * @param options `fin: false` when more parts of the message follow, `compress: false` to send it as it is
   * @param done called when the message is on its way, or with an error when the connection is not open
   */
  send(data: Sendable | Blob, options: SendOptions | SendCallback = {}, done?: SendCallback): void {
    const [{ binary = typeof data !== 'string' && typeof data !== 'number', fin = true, compress = true }, callback] =
      typeof options === 'function' ? [{}, options] : [options, done];
    const send = (bytes: string | Uint8Array): void => {
      const isOpen = this.readyState === readyStates.OPEN;
      const sent =
        isOpen && this.connection.send(bytes, { type: binary ? 'binary' : 'text', endOfMessage: fin, compress });
      this.callBack('send', callback, sent);
    };
    if (data instanceof Blob) {
      this.sendBlob(data, send);
    } else {
      const bytes = sendable(data);
      this.inTurn(() => send(bytes));
    }
  }

  /**
   * Sends a ping with at most 125 bytes; `pong` tells of the answer.
   *
   * @param mask ignored: a server masks nothing (RFC 6455 section 5.1)
   * @param done as for `send`
   * @throws RangeError
   */
  ping(data?: Sendable | SendCallback, mask?: boolean | SendCallback, done?: SendCallback): void {
    this.sendControlFrame('ping', [data, mask, done]);
  }

  /** Sends a pong that no ping asked for. Pings are answered without it. The arguments are those of `ping`. */
  pong(data?: Sendable | SendCallback, mask?: boolean | SendCallback, done?: SendCallback): void {
    this.sendControlFrame('pong', [data, mask, done]);
  }

  /**
   * Closes with a status and a reason.
   *
   * @throws WebSocketError `WS_INVALID_CLOSE`
   */
  close(code?: number, reason: string | Uint8Array = ''): void {
    if (this.readyState === readyStates.OPEN) {
      const description = code === undefined ? '' : Buffer.from(reason as string).toString();
      checkClose(code, description);
      this.inTurn(() => void this.connection.close(code, description));
    }
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.connection.abort();
  }

  /** @internal Called by Node.js when a promise of a listener is rejected. */
  override [captureRejectionSymbol](error: unknown, event: string): void {
    this.run(`A listener of "${event}"`, () => {
      throw error;
    });
  }

  private sendControlFrame(
    name: 'ping' | 'pong',
    args: readonly [data?: unknown, mask?: unknown, done?: unknown],
  ): void {
    const [data = ''] = args;
    const payload = Buffer.from(sendable(typeof data === 'function' ? '' : (data as Sendable)));
    if (payload.length > MAX_CONTROL_PAYLOAD_BYTES) {
      throw new RangeError(`${name}() was given ${payload.length} bytes; at most ${MAX_CONTROL_PAYLOAD_BYTES} fit.`);
    }
    const callback = args.find((arg) => typeof arg === 'function') as SendCallback | undefined;
    this.inTurn(() => {
      const isOpen = this.readyState === readyStates.OPEN;
      const send = name === 'ping' ? 'sendPing' : 'sendPong';
      this.callBack(name, callback, isOpen && this.serverConnection[send](payload));
    });
  }

  /** Sends at once, or after the Blobs before it. */
  private inTurn(send: () => void): void {
    if (this.blobs === undefined) {
      send();
    } else {
      void this.wait(this.blobs.then(send));
    }
  }

  private sendBlob(blob: Blob, send: (bytes: Uint8Array) => void): void {
    this.bytesOfBlobs += blob.size;
    const read = async (): Promise<void> => {
      try {
        const bytes = Buffer.from(await blob.arrayBuffer());
        this.bytesOfBlobs -= blob.size;
        send(bytes);
      } catch (error) {
        this.run('send() of a Blob', () => {
          throw error;
        });
      }
    };
    void this.wait((this.blobs ?? Promise.resolve()).then(read));
  }

  private async wait(blobs: Promise<void>): Promise<void> {
    this.blobs = blobs;
    await blobs;
    if (this.blobs === blobs) {
      this.blobs = undefined;
    }
  }

  private endPause(): void {
    this.paused?.end();
    this.paused = undefined;
  }

  /** Tells, later, whether what was sent is on its way. */
  private callBack(name: string, callback: SendCallback | undefined, sent: boolean | Promise<boolean>): void {
    if (callback !== undefined) {
      void Promise.resolve(sent).then((isSent) => {
        this.run(`A callback of ${name}()`, () =>
          callback(isSent ? undefined : new Error('The WebSocket is not open.')),
        );
      });
    }
  }

  /** Copies the payload: it is a view into the bytes of a read, whose memory the next read may use. */
  private emitCopy(event: string, payload: Buffer): void {
    const data = Buffer.from(payload);
    this.run(`A listener of "${event}"`, () => this.emit(event, data));
  }

  /** Runs what is the application's: what it throws ends this connection, not the process. */
  private run(name: string, callbacks: () => unknown): void {
    void runHandler(name, async () => callbacks()).then((succeeded) => {
      if (!succeeded) {
        this.close(WebSocketCloseStatus.internalServerError);
      }
    });
  }
}

/** What `ws` makes of what it is given to send. */
function sendable(data: Sendable | undefined): string | Uint8Array {
  if (typeof data === 'string' || data instanceof Uint8Array) {
    return data;
  }
  if (typeof data === 'number') {
    return String(data);
  }
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from((data ?? []) as ArrayBuffer);
}
