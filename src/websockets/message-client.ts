import { EventEmitter } from 'node:events';
import type { WebSocketConnection } from './web-socket-connection.js';

type Listener = (event: Record<string, unknown>) => void;
type SendCallback = (error?: Error) => void;

const readyStates = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

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
  /** The functions that `addEventListener` wrapped, by type and listener. */
  private readonly wrapped = new Map<string, Map<Listener, (...args: unknown[]) => void>>();

  constructor(
    /** The connection beneath, with all that `ws` does not have. */
    readonly connection: WebSocketConnection,
  ) {
    super();
    connection.pongListener = (payload) => this.emit('pong', Buffer.from(payload));
    void connection.closed.then(({ status, description }) => {
      this.isOver = true;
      this.emit('close', status ?? 1005, Buffer.from(description));
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
   * Sends a whole message: text for a string, binary for bytes, or as `binary` says.
   *
   * @param done called when the message is on its way, with an error when the connection is not open
   */
  send(
    data: string | Uint8Array | ArrayBuffer,
    options?: { binary?: boolean } | SendCallback,
    done?: SendCallback,
  ): void {
    const callback = typeof options === 'function' ? options : done;
    const binary = typeof options === 'object' ? options.binary : undefined;
    if (this.readyState !== readyStates.OPEN) {
      callback?.(new Error('The WebSocket is not open.'));
      return;
    }
    const type = binary === undefined ? undefined : binary ? 'binary' : 'text';
    const sent = this.connection.send(data, type);
    if (callback !== undefined) {
      void Promise.resolve(sent).then(() => callback());
    }
  }

  /** Sends a ping with at most 125 bytes; `pong` tells of the answer. */
  ping(data: string | Uint8Array = ''): void {
    this.connection.ping(Buffer.from(data as string));
  }

  /** Closes with a status and a reason. */
  close(code?: number, reason?: string | Buffer): void {
    void this.connection.close(code, reason?.toString());
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.connection.abort();
  }

  /** As in browsers; `type` is `message`, `close` or `error`. */
  addEventListener(type: string, listener: Listener): void {
    const wrapper = (...args: unknown[]): void => listener({ type, target: this, ...eventOf(type, args) });
    const listeners = this.wrapped.get(type) ?? new Map<Listener, (...args: unknown[]) => void>();
    if (!listeners.has(listener)) {
      listeners.set(listener, wrapper);
      this.wrapped.set(type, listeners);
      this.on(type, wrapper);
    }
  }

  removeEventListener(type: string, listener: Listener): void {
    const wrapper = this.wrapped.get(type)?.get(listener);
    if (wrapper !== undefined) {
      this.wrapped.get(type)?.delete(listener);
      this.off(type, wrapper);
    }
  }
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
