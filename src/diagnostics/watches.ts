import {
  BadRequestException,
  Inject,
  Injectable,
  ServiceUnavailableException,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { WebSocketConnections, type WebSocketHandshake } from 'nest-raw-websockets';
import { EventStream } from './event-stream.js';
import { Watch } from './watch.js';

/** How many WebSockets may be watched at once. */
export const MAX_WATCHES = 100;

/** How long a watch waits for its WebSocket, in ms. */
const PATIENCE = 10 * 60_000;

/** 128 bits. */
const ID = /^[0-9a-f]{32}$/i;

/** The query parameter of a WebSocket that names its watch. */
const PARAMETER = 'diagnostics';

/** The WebSockets that are watched, each by the client that chose its id. Nothing is kept of any other. */
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
        watch?.opened(connection, handshake);
        void connection.closed.then((closed) => watch?.closed(closed));
        return watch;
      },
    });
  }

  /** At a shutdown the WebSockets close, and their watches end with them. The others end now. */
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
   * Watches the WebSocket that comes with this id. One that is watched already goes on with the new response.
   *
   * @param cut ends the response at once
   * @throws HttpException 400 for what is not an id, 503 when too many are watched or the server shuts down
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
        `${MAX_WATCHES} WebSockets are watched, and no more can be. Try again later.`,
      );
    }
    const stream = new EventStream(cut);
    const watch = known ?? new Watch(stream);
    known?.continueOn(stream);
    this.watches.set(key, watch);
    const patience = setTimeout(() => watch.isTaken || watch.end(), PATIENCE).unref();
    stream.once('close', () => {
      clearTimeout(patience);
      if (watch.isOn(stream)) {
        watch.end();
        this.watches.delete(key);
      }
    });
    return stream;
  }

  /** The watch that waits for a handshake. */
  private watchOf({ path }: WebSocketHandshake): Watch | undefined {
    if (this.watches.size === 0) {
      return undefined;
    }
    const id = new URLSearchParams(path.slice(path.indexOf('?') + 1)).get(PARAMETER)?.toLowerCase();
    const watch = id === undefined ? undefined : this.watches.get(id);
    return watch?.isTaken ? undefined : watch;
  }
}
