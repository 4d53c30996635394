import {
  BadRequestException,
  Inject,
  Injectable,
  ServiceUnavailableException,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { WebSocketConnections, type WebSocketConnection, type WebSocketHandshake } from 'nest-raw-websockets';
import { EventStream } from './event-stream.js';
import { Watch } from './watch.js';

/** The maximum number of watches. */
export const MAX_WATCHES = 100;

/** The time limit for the WebSocket of a watch to come, in ms. */
const PATIENCE = 10 * 60_000;

/** 128 bits. */
const ID = /^[0-9a-f]{32}$/i;

/** The query parameter of a WebSocket that names its watch. */
const PARAMETER = 'diagnostics';

/**
 * The watches by their ids. A client chooses an id, and opens a stream of events and then a WebSocket with it. A WebSocket
 * without a watch costs one comparison.
 */
@Injectable()
export class Watches implements OnModuleInit, OnModuleDestroy {
  private readonly watches = new Map<string, Watch>();
  private stopObserving: (() => void) | undefined;
  private isDraining = false;

  constructor(@Inject(WebSocketConnections) private readonly connections: WebSocketConnections) {}

  onModuleInit(): void {
    this.stopObserving = this.connections.observe({
      refused: (handshake, refusal) => this.watchOf(handshake)?.refused(handshake, refusal),
      opened: (connection, handshake) => {
        const watch = this.watchOf(handshake);
        if (watch !== undefined) {
          begin(watch, connection, handshake);
        }
        return watch;
      },
    });
  }

  /** At a shutdown a watch ends with its WebSocket. A watch without one ends now. */
  onModuleDestroy(): void {
    this.isDraining = true;
    this.stopObserving?.();
    this.watches.forEach((watch) => {
      if (!watch.isTaken) {
        watch.end();
      }
    });
  }

  /**
   * Opens the stream of events of the WebSocket with this id. If the id has a stream already, the new one replaces it.
   *
   * @param cut ends the response at once
   * @throws HttpException 400 for a malformed id, 503 if there are too many watches or the server shuts down
   */
  open(id: string, cut: () => void): EventStream {
    if (!ID.test(id)) {
      throw new BadRequestException(
        `The id is ${JSON.stringify(id)}; 128 random bits as 32 hexadecimal digits are accepted.`,
      );
    }
    if (this.isDraining) {
      throw new ServiceUnavailableException('The server is shutting down.');
    }
    const key = id.toLowerCase();
    const known = this.watches.get(key);
    if (known === undefined && this.watches.size >= MAX_WATCHES) {
      throw new ServiceUnavailableException(
        `At most ${MAX_WATCHES} WebSockets can be watched at once. Try again later.`,
      );
    }
    const stream = new EventStream(cut);
    const watch = known === undefined || known.isOver ? new Watch(stream) : known.continueOn(stream);
    this.watches.set(key, watch);
    const patience = setTimeout(() => watch.isTaken || watch.end(), PATIENCE).unref();
    stream.once('close', () => {
      clearTimeout(patience);
      if (watch.isOn(stream)) {
        watch.end();
        if (this.watches.get(key) === watch) {
          this.watches.delete(key);
        }
      }
    });
    return stream;
  }

  /** The watch that a handshake names, if it waits for its WebSocket. */
  private watchOf({ path }: WebSocketHandshake): Watch | undefined {
    if (this.watches.size === 0) {
      return undefined;
    }
    const id = new URLSearchParams(path.slice(path.indexOf('?') + 1)).get(PARAMETER)?.toLowerCase();
    const watch = id === undefined ? undefined : this.watches.get(id);
    return watch?.isTaken ? undefined : watch;
  }
}

/** A function of its own, so that its closure is created only for a WebSocket with a watch. */
function begin(watch: Watch, connection: WebSocketConnection, handshake: WebSocketHandshake): void {
  watch.opened(connection, handshake);
  void connection.closed.then((closed) => watch.closed(closed));
}
