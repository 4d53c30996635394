import { captureRejectionSymbol } from 'node:events';
import { EventTargetEmitter } from './event-target.js';
import { WebSocketCloseStatus } from './protocol/close-status.js';
import { runHandler } from './serve-connection.js';
import { checkClose } from './web-socket-close.js';
import type { WebSocketConnection } from './web-socket-connection.js';

type SendCallback = (error?: Error) => void;

/** What `ws` sends: text, a number as text, or bytes. */
type Sendable = string | number | ArrayBufferLike | ArrayBufferView;

interface SendOptions {
  readonly binary?: boolean;
  readonly fin?: boolean;
  readonly compress?: boolean;
}

/** RFC 6455 section 5.5. */
const MAX_CONTROL_BYTES = 125;

const readyStates = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/**
 * What a stock gateway, one with `@SubscribeMessage` handlers, has as its client: a connection with the interface that
 * `ws` gives its own, as far as server code uses it, so that gateways written for `WsAdapter` work unchanged.
 *
 * Emits `message` (data, isBinary), `ping` (data), `pong` (data), `close` (code, reason) and no `error`.
 */
export class MessageClient extends EventTargetEmitter {
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
    connection.pingListener = (payload) => this.emitCopy('ping', payload);
    connection.pongListener = (payload) => this.emitCopy('pong', payload);
    void connection.closed.then(({ status, description }) => {
      this.isOver = true;
      this.run('A listener of "close"', () => this.emit('close', status ?? 1005, Buffer.from(description)));
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
    this.callBack('send', callback, isOpen, sent);
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
      void this.connection.close(code, description);
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
    if (payload.length > MAX_CONTROL_BYTES) {
      throw new RangeError(`${name}() was given ${payload.length} bytes; at most ${MAX_CONTROL_BYTES} fit.`);
    }
    const isOpen = this.readyState === readyStates.OPEN;
    if (isOpen) {
      this.connection[name](payload);
    }
    this.callBack(name, args.find((arg) => typeof arg === 'function') as SendCallback | undefined, isOpen);
  }

  /** Tells, later, whether what was sent is on its way. */
  private callBack(
    name: string,
    callback: SendCallback | undefined,
    isOpen: boolean,
    sent?: void | Promise<void>,
  ): void {
    if (callback !== undefined) {
      void Promise.resolve(sent).then(() => {
        const isSent = isOpen && this.connection.state !== 'aborted';
        this.run(`A callback of ${name}()`, () =>
          callback(isSent ? undefined : new Error('The WebSocket is not open.')),
        );
      });
    }
  }

  /** The bytes are those of a read, of which the next one may be made. */
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
