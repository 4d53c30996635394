import { captureRejectionSymbol, EventEmitter } from 'node:events';
import { WebSocketCloseStatus } from './protocol/close-status.js';
import { runHandler } from './serve-connection.js';
import { checkClose } from './web-socket-close.js';
import type { WebSocketConnection } from './web-socket-connection.js';

type Listener = (event: Record<string, unknown>) => unknown;
type SendCallback = (error?: Error) => void;

/** What `ws` sends: text, a number as text, or bytes. */
type Sendable = string | number | ArrayBufferLike | ArrayBufferView;

interface SendOptions {
  readonly binary?: boolean;
  readonly fin?: boolean;
  readonly compress?: boolean;
}

/** RFC 6455 section 5.5. */
const MAX_PING_BYTES = 125;

const readyStates = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** The listeners that were given to `addEventListener`, by the functions that stand for them. */
const wrapped = new WeakMap<object, Listener>();

/**
 * What a stock gateway, one with `@SubscribeMessage` handlers, has as its client: a connection with the interface that
 * `ws` gives its own, as far as server code uses it, so that gateways written for `WsAdapter` work unchanged.
 *
 * Emits `message` (data, isBinary), `ping` never, `pong` (data), `close` (code, reason) and no `error`.
 */
export class MessageClient extends EventEmitter {
  static readonly CONNECTING = readyStates.CONNECTING;
  static readonly OPEN = readyStates.OPEN;
  static readonly CLOSING = readyStates.CLOSING;
  static readonly CLOSED = readyStates.CLOSED;
  readonly CONNECTING = readyStates.CONNECTING;
  readonly OPEN = readyStates.OPEN;
  readonly CLOSING = readyStates.CLOSING;
  readonly CLOSED = readyStates.CLOSED;

  private isOver = false;

  constructor(
    /** The connection beneath, with all that `ws` does not have. */
    readonly connection: WebSocketConnection,
  ) {
    super({ captureRejections: true });
    connection.pongListener = (payload) => {
      const data = Buffer.from(payload);
      this.run('pong', () => this.emit('pong', data));
    };
    void connection.closed.then(({ status, description }) => {
      this.isOver = true;
      this.run('close', () => this.emit('close', status ?? 1005, Buffer.from(description)));
    });
  }

  /** 1 open, 2 closing, 3 closed. */
  get readyState(): number {
    if (this.isOver) {
      return readyStates.CLOSED;
    }
    return this.connection.state === 'open' ? readyStates.OPEN : readyStates.CLOSING;
  }

  /** The sub-protocol, or an empty string. */
  get protocol(): string {
    return this.connection.subProtocol ?? '';
  }

  /** How many bytes wait to be sent. */
  get bufferedAmount(): number {
    return this.connection.bufferedAmount;
  }

  /** @internal Emits each message from now on, until the peer closes. */
  async receive(): Promise<void> {
    for await (const { type, data } of this.connection.messages()) {
      this.emit('message', typeof data === 'string' ? Buffer.from(data) : data, type === 'binary');
    }
  }

  /**
   * Sends a message: text for a string, binary for bytes, or as `binary` says.
   *
   * @param options `fin: false` when more parts of the message follow, `compress: false` to send it as it is
   * @param done called when the message is on its way, or with an error when the connection is not open
   */
  send(data: Sendable, options: SendOptions | SendCallback = {}, done?: SendCallback): void {
    const [{ binary = typeof data !== 'string' && typeof data !== 'number', fin = true, compress = true }, callback] =
      typeof options === 'function' ? [{}, options] : [options, done];
    const isOpen = this.readyState === readyStates.OPEN;
    const sent = isOpen
      ? this.connection.send(sendable(data), binary ? 'binary' : 'text', fin, { disableCompression: !compress })
      : undefined;
    if (callback !== undefined) {
      void Promise.resolve(sent).then(() => {
        const isSent = isOpen && this.connection.state !== 'aborted';
        callback(isSent ? undefined : new Error('The WebSocket is not open.'));
      });
    }
  }

  /**
   * Sends a ping with at most 125 bytes; `pong` tells of the answer.
   *
   * @throws RangeError
   */
  ping(data: Sendable = ''): void {
    const payload = Buffer.from(sendable(data));
    if (payload.length > MAX_PING_BYTES) {
      throw new RangeError(`ping() was given ${payload.length} bytes; at most ${MAX_PING_BYTES} fit.`);
    }
    this.connection.ping(payload);
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
      void this.connection.close(code, description);
    }
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.connection.abort();
  }

  /** As in browsers; `type` is `message` or `close`. */
  addEventListener(type: string, listener: Listener, { once = false }: { once?: boolean } = {}): void {
    if (this.wrapperOf(type, listener) === undefined) {
      const wrapper = (...args: unknown[]): unknown => listener({ type, target: this, ...eventOf(type, args) });
      wrapped.set(wrapper, listener);
      this[once ? 'once' : 'on'](type, wrapper);
    }
  }

  removeEventListener(type: string, listener: Listener): void {
    const wrapper = this.wrapperOf(type, listener);
    if (wrapper !== undefined) {
      this.off(type, wrapper);
    }
  }

  /** @internal Called by Node.js when a promise of a listener is rejected. */
  override [captureRejectionSymbol](error: unknown, event: string): void {
    this.run(event, () => {
      throw error;
    });
  }

  private wrapperOf(type: string, listener: Listener): ((...args: unknown[]) => void) | undefined {
    return (this.listeners(type) as ((...args: unknown[]) => void)[]).find((one) => wrapped.get(one) === listener);
  }

  /** Runs listeners. They are the application's: what they throw ends this connection, not the process. */
  private run(event: string, listeners: () => unknown): void {
    void runHandler(`A listener of "${event}"`, async () => listeners()).then((succeeded) => {
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

/** What browsers call the arguments of an event. */
function eventOf(type: string, [first, second]: unknown[]): Record<string, unknown> {
  switch (type) {
    case 'message':
      return { data: second === true ? first : String(first) };
    case 'close':
      return { code: first, reason: String(second), wasClean: first !== 1006 };
    default:
      return { error: first };
  }
}
