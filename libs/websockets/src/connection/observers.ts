import { diagnosticsChannels } from './diagnostics-channels.js';
import { FrameScanner } from '../protocol/frame-scanner.js';
import type { WebSocketClosed, WebSocketConnection } from './web-socket-connection.js';
import type {
  WebSocketConnectionObserver,
  WebSocketHandshake,
  WebSocketObserver,
  WebSocketRefusal,
} from './web-socket-observer.js';

/** A connection that can be observed. */
interface ObservableConnection extends WebSocketConnection {
  /** What the handler threw, or else what ended the connection; undefined after an orderly close. */
  readonly failure: unknown;
  observe(observers: ConnectionObservers): void;
}

/** The observers of an application. The channels of `node:diagnostics_channel` are the first of them. */
export class Observers {
  private readonly observers = new Set<WebSocketObserver>([diagnosticsChannels]);

  /** @returns removes it */
  add(observer: WebSocketObserver): () => void {
    this.observers.add(observer);
    return () => void this.observers.delete(observer);
  }

  handshake(handshake: WebSocketHandshake): void {
    tell(this.observers, (observer) => observer.handshake?.(handshake));
  }

  refused(handshake: WebSocketHandshake, refusal: WebSocketRefusal): void {
    tell(this.observers, (observer) => observer.refused?.(handshake, refusal));
  }

  /** The connection is observed more closely if an observer wants that. */
  opened(connection: ObservableConnection, handshake: WebSocketHandshake): void {
    let wanted: WebSocketConnectionObserver[] | undefined;
    tell(this.observers, (observer) => {
      const ofConnection = observer.opened?.(connection, handshake);
      if (ofConnection !== undefined) {
        (wanted ??= []).push(ofConnection);
      }
    });
    if (wanted !== undefined) {
      connection.observe(new ConnectionObservers(connection, wanted));
    }
  }

  closed(connection: ObservableConnection, closed: WebSocketClosed): void {
    tell(this.observers, (observer) => observer.closed?.(connection, closed, connection.failure));
  }
}

/** The observers of one connection. A connection that is not observed has none, and does nothing for them. */
export class ConnectionObservers {
  private readonly incoming: FrameScanner | undefined;
  private readonly outgoing: FrameScanner | undefined;
  private isPaused = false;
  /** What happened in writes, and is not told yet. */
  private untold: ((observer: WebSocketConnectionObserver) => void)[] = [];

  constructor(
    private readonly connection: WebSocketConnection,
    private readonly observers: readonly WebSocketConnectionObserver[],
  ) {
    if (observers.some((one) => one.frameReceived !== undefined || one.messageReceived !== undefined)) {
      this.incoming = new FrameScanner({
        onFrame: (frame) => this.tell((observer) => observer.frameReceived?.(connection, frame)),
        onMessage: (type, length) => this.tell((observer) => observer.messageReceived?.(connection, type, length)),
      });
    }
    if (observers.some((one) => one.frameSent !== undefined || one.messageSent !== undefined)) {
      this.outgoing = new FrameScanner({
        onFrame: (frame) => this.tellAfterWrite((observer) => observer.frameSent?.(connection, frame)),
        onMessage: (type, length) =>
          this.tellAfterWrite((observer) => observer.messageSent?.(connection, type, length)),
      });
    }
  }

  /** Bytes of the peer have arrived. */
  read(bytes: Buffer): void {
    this.incoming?.scan(bytes);
  }

  /** Bytes are written to the transport. */
  written(bytes: Buffer): void {
    this.outgoing?.scan(bytes);
  }

  pong(length: number, roundTripTime: number | undefined): void {
    this.tell((observer) => observer.pongReceived?.(this.connection, length, roundTripTime));
  }

  /** The peer does not keep up. */
  full(): void {
    if (!this.isPaused) {
      this.isPaused = true;
      const { bufferedAmount } = this.connection;
      this.tellAfterWrite((observer) => observer.paused?.(this.connection, bufferedAmount));
    }
  }

  /** The peer has taken what waited. */
  drained(): void {
    if (this.isPaused) {
      this.isPaused = false;
      this.tell((observer) => observer.resumed?.(this.connection));
    }
  }

  /** An observer may send in its callback. In the middle of a write that would mix its bytes with those of others. */
  private tellAfterWrite(what: (observer: WebSocketConnectionObserver) => void): void {
    if (this.untold.push(what) === 1) {
      process.nextTick(() => this.untold.splice(0).forEach((one) => this.tell(one)));
    }
  }

  private tell(what: (observer: WebSocketConnectionObserver) => void): void {
    tell(this.observers, what);
  }
}

/** Calls each observer. What one throws disturbs neither the others nor the connection. */
function tell<Observer>(observers: Iterable<Observer>, call: (observer: Observer) => void): void {
  for (const observer of observers) {
    try {
      call(observer);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
