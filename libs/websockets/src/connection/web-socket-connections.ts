import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { WebSocketCloseStatus } from '../protocol/close-status.js';
import { Observers } from './observers.js';
import type { ServerConnection } from './server-connection.js';
import type { WebSocketConnection } from './web-socket-connection.js';
import type { WebSocketObserver } from './web-socket-observer.js';
import type { WebSocketRegistryOptions } from './web-socket-options.js';

/** How long a close at shutdown waits for a message that is being answered, and how often it looks, in ms. */
const ANSWER_PATIENCE = 1000;
const ANSWER_LOOK = 20;

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

/** A handshake that is not answered yet: guards and the like are at work. */
export interface PendingHandshake {
  /** The address of the client. */
  readonly remoteAddress: string;
  /** Ends it without an answer. */
  cut(): void;
}

/** The live connections of the application. When it shuts down they are closed first, while the server still answers. */
export class WebSocketConnections implements Iterable<WebSocketConnection> {
  /** @internal */
  readonly observers = new Observers();
  private readonly live = new Set<ServerConnection>();
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

  /**
   * Tells an observer of every handshake, refusal, connection and close from now on, whatever accepts or refuses: a
   * gateway, a controller, a limit or the HTTP pipeline.
   *
   * ```ts
   * connections.observe({
   *   refused: ({ remoteAddress, path }, { status, reason }) => logger.log(`${remoteAddress} ${path}: ${status} ${reason}`),
   *   closed: (connection, { by, status }) => logger.log(`${connection.id}: closed by ${by}, ${status}`),
   * });
   * ```
   *
   * The same events are published by `node:diagnostics_channel`.
   *
   * @returns stops telling it
   */
  observe(observer: WebSocketObserver): () => void {
    return this.observers.add(observer);
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
  add(connection: ServerConnection): void {
    this.live.add(connection);
    this.count(connection.remoteAddress, 1);
    void connection.closed.then((closed) => {
      this.live.delete(connection);
      this.count(connection.remoteAddress, -1);
      this.ended = plus(this.ended, connection);
      this.observers.closed(connection, closed);
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

  /** @internal From now on no handshake is let in. */
  startDraining(): void {
    this.draining = true;
  }

  /**
   * @internal Closes all connections with 1001, after `drainDelay`, spread over `drainSpread` in random order. Waits for
   * pending handshakes. What is left `shutdownTimeout` after the last close is cut.
   *
   * @returns when the last has ended
   */
  async drain(): Promise<void> {
    this.startDraining();
    const { drainDelay, drainSpread, shutdownTimeout } = this.options;
    // Messages that have arrived by now are answered before the close, also without a delay.
    await (drainDelay > 0 ? sleep(drainDelay) : nextTurn());
    const connections = inRandomOrder(this.live);
    const start = performance.now();
    const closed: Promise<void>[] = [];
    for (const [i, connection] of connections.entries()) {
      const wait = start + (i * drainSpread) / connections.length - performance.now();
      if (wait >= 1) {
        await sleepWhileOpen(connection, wait);
      }
      closed.push(this.closeAtShutdown(connection));
    }
    // One that was closing already has a time-out of its own, which may be longer.
    const deadline = setTimeout(() => {
      this.live.forEach((connection) => connection.abort());
      this.pending.forEach((handshake) => handshake.cut());
    }, shutdownTimeout);
    await Promise.all([...closed, this.nonePends()]);
    clearTimeout(deadline);
  }

  /** Closes a connection. A message that is being answered has a while to be, so that no echo is cut short. */
  private async closeAtShutdown(connection: ServerConnection): Promise<void> {
    const { shutdownTimeout } = this.options;
    const end = performance.now() + Math.min(ANSWER_PATIENCE, shutdownTimeout / 2);
    while (connection.isAnswering && performance.now() < end) {
      await sleep(ANSWER_LOOK);
    }
    await connection.closeWithin(shutdownTimeout, WebSocketCloseStatus.endpointUnavailable, 'Server shutting down');
  }

  /** Resolves when no handshake is pending. One that is taken over is pending until its stream has closed. */
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

/** Waits for a time in ms, or until the connection has ended. */
function sleepWhileOpen({ closed }: WebSocketConnection, time: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    void closed.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The Fisher-Yates shuffle. */
function inRandomOrder<Item>(items: Iterable<Item>): Item[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}
