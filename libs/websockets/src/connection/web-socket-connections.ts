import { WebSocketCloseStatus } from '../protocol/close-status.js';
import type { WebSocketConnection } from './web-socket-connection.js';
import type { WebSocketRegistryOptions } from './web-socket-options.js';

/** What connections have come to. */
export interface WebSocketTotals {
  /** How many there have been. */
  readonly connections: number;
  /** How many bytes of frames came. */
  readonly bytesReceived: number;
  /** How many bytes of frames were sent. */
  readonly bytesSent: number;
  /** How many messages came whole. */
  readonly messagesReceived: number;
  /** How many messages were sent whole. */
  readonly messagesSent: number;
}

/** @internal A handshake that is not answered yet: guards and the like are at work. */
export interface PendingHandshake {
  /** The address of the client, or of the proxy before it. */
  readonly remoteAddress: string;
  /** Ends it without an answer. */
  cut(): void;
}

/** The live connections of the application. When it shuts down they are closed first, while the server still answers. */
export class WebSocketConnections implements Iterable<WebSocketConnection> {
  private readonly live = new Set<WebSocketConnection>();
  private readonly pending = new Set<PendingHandshake>();
  /** How many each client address has, pending handshakes included. */
  private readonly sizes = new Map<string, number>();
  private whenNonePends: (() => void) | undefined;
  private ended: WebSocketTotals = {
    connections: 0,
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesSent: 0,
  };
  private draining = false;

  constructor(
    /** @internal */
    readonly options: Required<WebSocketRegistryOptions>,
  ) {}

  /** Whether the application shuts down, so that handshakes are answered with 503. */
  get isDraining(): boolean {
    return this.draining;
  }

  /** How many there are. */
  get size(): number {
    return this.live.size;
  }

  [Symbol.iterator](): Iterator<WebSocketConnection> {
    return this.live.values();
  }

  /** @internal How many places are taken: a pending handshake may become a connection. */
  get placesTaken(): number {
    return this.live.size + this.pending.size;
  }

  /** How many a client address has, pending handshakes included. */
  sizeOf(remoteAddress: string): number {
    return this.sizes.get(remoteAddress) ?? 0;
  }

  /** @internal A handshake takes a place as long as it is pending. */
  addPending(handshake: PendingHandshake): void {
    this.pending.add(handshake);
    this.count(handshake.remoteAddress, 1);
  }

  /** @internal It was accepted, and has a place as a connection, or gives its place back. */
  removePending(handshake: PendingHandshake): void {
    if (this.pending.delete(handshake)) {
      this.count(handshake.remoteAddress, -1);
      if (this.pending.size === 0) {
        this.whenNonePends?.();
      }
    }
  }

  /** @internal */
  add(connection: WebSocketConnection): void {
    this.live.add(connection);
    this.count(connection.remoteAddress, 1);
    void connection.closed.then(() => {
      this.live.delete(connection);
      this.count(connection.remoteAddress, -1);
      this.ended = plus(this.ended, connection);
    });
  }

  /** What all connections since the start have come to, live ones and those that have ended. */
  get totals(): WebSocketTotals {
    return [...this.live].reduce(plus, this.ended);
  }

  private count(remoteAddress: string, change: number): void {
    const size = this.sizeOf(remoteAddress) + change;
    if (size > 0) {
      this.sizes.set(remoteAddress, size);
    } else {
      this.sizes.delete(remoteAddress);
    }
  }

  /**
   * @internal From now on no handshake is let in. Closes all connections with 1001, waits for pending handshakes, and cuts
   * after `shutdownTimeout` those that are left.
   *
   * @returns when the last has ended
   */
  async drain(): Promise<void> {
    this.draining = true;
    if (this.placesTaken === 0) {
      return;
    }
    const { shutdownTimeout } = this.options;
    const closed = [...this.live].map((connection) =>
      connection.closeWithin(shutdownTimeout, WebSocketCloseStatus.endpointUnavailable, 'Server shutting down'),
    );
    // One that was closing already has a time-out of its own, which may be longer.
    const deadline = setTimeout(() => {
      this.live.forEach((connection) => connection.abort());
      this.pending.forEach((handshake) => handshake.cut());
    }, shutdownTimeout);
    await Promise.all([...closed, this.nonePends()]);
    clearTimeout(deadline);
  }

  /** While the application shuts down none is added: handshakes are refused. */
  private nonePends(): Promise<void> {
    return new Promise((resolve) => {
      this.whenNonePends = resolve;
      if (this.pending.size === 0) {
        resolve();
      }
    });
  }
}

function plus(totals: WebSocketTotals, connection: WebSocketConnection): WebSocketTotals {
  return {
    connections: totals.connections + 1,
    bytesReceived: totals.bytesReceived + connection.bytesReceived,
    bytesSent: totals.bytesSent + connection.bytesSent,
    messagesReceived: totals.messagesReceived + connection.messagesReceived,
    messagesSent: totals.messagesSent + connection.messagesSent,
  };
}
