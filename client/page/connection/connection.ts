import type { Payload } from '../log/log-entry.js';

/** The state of a connection. `ready` is before the first attempt; the others are the states of the WebSocket. */
export type ConnectionState = 'ready' | 'connecting' | 'open' | 'closing' | 'closed';

/** The events of a {@link Connection} for its owner. */
export interface ConnectionListener {
  onStateChanged(state: ConnectionState): void;
  /** @param milliseconds - the time from the attempt to the open WebSocket */
  onOpened(details: { url: string; subprotocol: string; milliseconds: number }): void;
  onReceived(data: Payload): void;
  /** The attempt failed. `why` is set if the browser refused it; otherwise `onClosed` follows. */
  onFailed(url: string, why?: string): void;
  /** The user cancelled the attempt, or did not wait for the end of the close handshake. */
  onAbandoned(url: string, stage: 'connecting' | 'closing'): void;
  onClosed(details: { code: number; reason: string; byClient: boolean; opened: boolean }): void;
}

/** The events of a {@link Socket}. */
interface SocketEvents {
  open: unknown;
  message: { readonly data: Payload };
  close: { readonly code: number; readonly reason: string };
}

/** The part of the browser's WebSocket that a {@link Connection} uses. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  addEventListener<K extends keyof SocketEvents>(kind: K, listener: (event: SocketEvents[K]) => void): void;
  send(data: Payload): void;
  close(code?: number, reason?: string): void;
}

/** The environment of a {@link Connection}. */
export interface ConnectionEnvironment {
  openSocket(url: string, subprotocols: readonly string[]): Socket;
  /** A clock in milliseconds. */
  now(): number;
}

/** A series of WebSockets. Only events of the latest one are reported. */
export class Connection {
  private readonly listener: ConnectionListener;
  private readonly environment: ConnectionEnvironment;
  private socket: Socket | undefined;
  private url = '';
  private currentState: ConnectionState = 'ready';
  private opened = false;
  private closedByClient = false;

  constructor(environment: ConnectionEnvironment, listener: ConnectionListener) {
    this.environment = environment;
    this.listener = listener;
  }

  get state(): ConnectionState {
    return this.currentState;
  }

  /** The number of bytes that the browser has buffered. */
  get bufferedAmount(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** Starts an attempt. A WebSocket that is still closing is abandoned. */
  open(url: string, subprotocols: readonly string[] = []): void {
    if (this.currentState === 'closing') {
      this.socket = undefined;
      this.listener.onAbandoned(this.url, 'closing');
    }
    const startedAt = this.environment.now();
    let socket: Socket;
    try {
      socket = this.environment.openSocket(url, subprotocols);
    } catch (error) {
      this.listener.onFailed(url, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      this.enter(this.currentState === 'ready' ? 'ready' : 'closed');
      return;
    }
    this.socket = socket;
    this.url = url;
    this.opened = false;
    this.closedByClient = false;
    socket.binaryType = 'arraybuffer';
    // An abandoned socket still emits events.
    const whileLatest =
      <E>(listener: (event: E) => void) =>
      (event: E): void => {
        if (socket === this.socket) {
          listener(event);
        }
      };
    socket.addEventListener(
      'open',
      whileLatest(() => {
        this.opened = true;
        this.enter('open');
        const milliseconds = this.environment.now() - startedAt;
        this.listener.onOpened({ url, subprotocol: socket.protocol, milliseconds });
      }),
    );
    socket.addEventListener(
      'message',
      whileLatest(({ data }: { data: Payload }) => {
        this.listener.onReceived(data);
      }),
    );
    socket.addEventListener(
      'close',
      whileLatest(({ code, reason }: { code: number; reason: string }) => {
        this.socket = undefined;
        this.enter('closed');
        if (!this.opened) {
          this.listener.onFailed(url);
        }
        this.listener.onClosed({ code, reason, byClient: this.closedByClient, opened: this.opened });
      }),
    );
    this.enter('connecting');
  }

  /** Sends one message. The connection has to be open. */
  send(data: Payload): void {
    this.socket?.send(data);
  }

  /** Starts the close handshake, or cancels the attempt while connecting. Without a code, the close frame has none. */
  close(code?: number, reason?: string): void {
    if (this.currentState === 'connecting') {
      const socket = this.socket;
      this.socket = undefined;
      socket?.close();
      this.enter('closed');
      this.listener.onAbandoned(this.url, 'connecting');
    } else if (this.currentState === 'open') {
      this.closedByClient = true;
      this.socket?.close(code, reason);
      this.enter('closing');
    }
  }

  private enter(state: ConnectionState): void {
    this.currentState = state;
    this.listener.onStateChanged(state);
  }
}
