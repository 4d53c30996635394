import { EventEmitter, once } from 'node:events';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { LARGEST_MESSAGE } from '../option-values.js';
import { connect, type Connection, type ConnectOptions } from '../connection/connect.js';
import { ConnectError } from '../connection/connect-error.js';
import type { FrameObserver } from '../connection/frame-tap.js';
import { FAREWELL, type CloseStatus } from '../close-status.js';
import { backoff, LONGEST_BACKOFF } from './reconnection.js';
import { Echoes, type Echo, type Message } from './echoes.js';
import { reasonToReconnect, wishOfServer, type Closed, type Ending, type Reconnection } from './ending.js';
import { onceQuiet } from './quiet-timer.js';

/** How many bytes may wait to be sent before whoever has more is asked to wait, too. */
const HIGH_WATER_MARK = 64 * 1024;

/** What the pings of `pingInterval` say, whose pongs are not reported. */
const KEEP_ALIVE = Buffer.from('keep-alive');

/** So many messages go in one turn of the event loop: what comes, and who wants to leave, has its turn as well. */
const MESSAGES_PER_TURN = 64;

/** How a session behaves beside connecting. */
export interface SessionOptions {
  readonly connect: ConnectOptions;
  /** Whether the server sends every message back. */
  readonly echo: boolean;
  /** Whether what comes back is compared. */
  readonly verify: boolean;
  /** How often in a row it connects again; 0 for never. */
  readonly reconnects: number;
  /** The longest delay before the first of them, in milliseconds. */
  readonly reconnectDelay: number;
  /** How long the server may be silent before the connection counts as lost, in milliseconds; 0 for ever. */
  readonly silenceTimeout: number;
  /** What is sent at the start of each connection. */
  readonly first?: readonly Message[];
  /** From one ping that keeps the connection alive to the next, in milliseconds; 0 for none. */
  readonly pingInterval?: number;
  /** What it closes with where no other status is given; 1000 "Status" by default. */
  readonly farewell?: CloseStatus;
  readonly onFrame?: FrameObserver;
}

interface SessionEvents {
  open: [connection: Connection];
  message: [message: Message, echo: Echo];
  /** The answer to `ping`, and the time since, in milliseconds. */
  pong: [roundTrip: number, data: Buffer];
  close: [closed: Closed];
  reconnecting: [reconnection: Reconnection];
  end: [ending: Ending];
}

/** A ping on its way. */
interface Ping {
  readonly data: Buffer;
  readonly sentAt: number;
}

/**
 * A WebSocket for as long as the user wants it: when it is lost, another one takes its place if `reconnects` says so.
 * Messages of the one before that had no echo are lost; those that come after wait for the next one.
 */
export class Session extends EventEmitter<SessionEvents> {
  readonly echoes: Echoes;
  private readonly interruption = new AbortController();
  private readonly ended = new AbortController();
  private connection?: Connection;
  private isClosedByUs = false;
  private impatience?: string;
  private bytesOfMessages = 0;
  private pings: Ping[] = [];

  constructor(private readonly options: SessionOptions) {
    super();
    this.echoes = new Echoes(options.echo, options.verify);
  }

  /** Is aborted when the session has ended. */
  get over(): AbortSignal {
    return this.ended.signal;
  }

  /** Whether there is a connection that takes messages now. */
  get isOpen(): boolean {
    return this.connection?.webSocket.readyState === WebSocket.OPEN;
  }

  /**
   * A number that changes with each byte of a message that comes; pings and pongs do not count. It changes all the time
   * while the session is paused, when nothing can come.
   */
  get progress(): number {
    return this.connection?.webSocket.isPaused ? performance.now() : this.bytesOfMessages;
  }

  /** Connects, and again when that is wanted. The promise is the session's life. */
  async run(): Promise<Ending> {
    for (let attempt = 0; ; attempt++) {
      const ending = await this.connectOnce();
      const reason = reasonToReconnect(ending);
      // Only a connection that has held for a while counts as well again; one that took as long to fail does not.
      if (ending.kind === 'closed' && ending.closed.held > LONGEST_BACKOFF) attempt = 0;
      const isLeaving = this.interruption.signal.aborted;
      if (isLeaving || reason === undefined || attempt >= this.options.reconnects) return this.end(ending);
      const wait = Math.max(backoff(attempt, this.options.reconnectDelay), wishOfServer(ending));
      this.emit('reconnecting', { reason, delay: wait, attempt: attempt + 1 });
      await delay(wait, undefined, { signal: this.interruption.signal }).catch(() => {});
      if (this.interruption.signal.aborted) return this.end(ending);
    }
  }

  /** Waits until there is a connection; false when the session has ended without one. */
  async opened(): Promise<boolean> {
    return (await this.whenOpen()) !== undefined;
  }

  /**
   * Sends a message, when there is a connection.
   *
   * @returns when the next one may be sent: the socket has taken this one, or most of it; false when the session has ended
   */
  async send(message: Message): Promise<boolean> {
    const webSocket = await this.whenOpen();
    if (!webSocket) {
      return false;
    }
    await this.sendOn(webSocket, message);
    if (this.echoes.sent % MESSAGES_PER_TURN === 0) await turn();
    return true;
  }

  /**
   * Sends a ping, when there is a connection; `pong` tells how long its answer took.
   *
   * @param data at most 125 bytes
   * @returns as `send` does
   */
  async ping(data: Buffer): Promise<boolean> {
    const webSocket = await this.whenOpen();
    if (!webSocket) {
      return false;
    }
    this.pings.push({ data, sentAt: performance.now() });
    await new Promise<void>((resolve) => webSocket.ping(data, undefined, () => resolve()));
    return true;
  }

  /** Whether messages or pings have no answer yet. */
  get isWaiting(): boolean {
    return this.echoes.outstanding > 0 || this.pings.length > 0;
  }

  /**
   * Closes the connection for good, or gives up connecting.
   *
   * @param impatience why, where the user did not ask for it
   * @throws TypeError or RangeError when the status or the reason may not be sent (RFC 6455 sections 5.5.1 and 7.4)
   */
  close({ code, reason }: CloseStatus = this.options.farewell ?? FAREWELL, impatience?: string): void {
    const webSocket = this.connection?.webSocket;
    if (webSocket?.readyState === WebSocket.OPEN) {
      webSocket.close(code, reason);
      this.isClosedByUs = true;
      this.impatience = impatience;
      // The answer to it has to be read, also where nobody takes the messages before it.
      webSocket.resume();
    }
    this.interruption.abort();
  }

  /** Reads no more until `resume`: whoever has to take the messages is slower than the server. */
  pause(): void {
    if (!this.isClosedByUs) this.connection?.webSocket.pause();
  }

  resume(): void {
    this.connection?.webSocket.resume();
  }

  private end(ending: Ending): Ending {
    this.ended.abort();
    this.emit('end', ending);
    return ending;
  }

  private async whenOpen(): Promise<WebSocket | undefined> {
    while (!this.over.aborted) {
      if (this.connection?.webSocket.readyState === WebSocket.OPEN) {
        return this.connection.webSocket;
      }
      // The session's end ends the waiting.
      await once(this, 'open', { signal: this.over }).catch(() => {});
    }
    return undefined;
  }

  private async connectOnce(): Promise<Ending> {
    try {
      const { connect: options, onFrame } = this.options;
      return { kind: 'closed', closed: await this.hold(await connect(options, this.interruption.signal, onFrame)) };
    } catch (error) {
      if (this.interruption.signal.aborted) return { kind: 'interrupted' };
      if (error instanceof ConnectError) return { kind: 'not connected', error };
      throw error;
    }
  }

  /** Listens to a connection until it is closed. */
  private hold(connection: Connection): Promise<Closed> {
    const { webSocket, transport, stream } = connection;
    const openedAt = performance.now();
    return new Promise((resolve) => {
      let cause: string | undefined;
      const stopWatching = this.watchSilence(connection, (silence) => (cause = silence));
      transport.on('error', (error: Error) => (cause ??= error.message));
      webSocket.on('error', (error) => (cause ??= explainLoss(error)));
      stream.on('data', (chunk: Buffer) => (this.bytesOfMessages += chunk.length));
      webSocket.on('ping', (data) => (this.bytesOfMessages -= controlFrameLength(data)));
      webSocket.on('pong', (data) => {
        this.bytesOfMessages -= controlFrameLength(data);
        this.receivePong(data);
      });
      webSocket.on('message', (data, binary) => {
        // It is no array and no ArrayBuffer, unless somebody sets `binaryType`.
        const message = { data: data as Buffer, binary };
        this.emit('message', message, this.echoes.receive(message));
      });
      webSocket.on('close', (code, reason) => {
        stopWatching();
        clearInterval(pinging);
        this.connection = undefined;
        this.pings = [];
        const closed = {
          code,
          reason: reason.toString(),
          cause,
          impatience: this.impatience,
          byUs: this.isClosedByUs,
          lost: this.echoes.lose(),
          held: performance.now() - openedAt,
        };
        this.emit('close', closed);
        resolve(closed);
      });
      const { first = [], pingInterval = 0 } = this.options;
      const pinging = pingInterval > 0 ? setInterval(() => webSocket.ping(KEEP_ALIVE), pingInterval) : undefined;
      this.connection = connection;
      first.forEach((message) => void this.sendOn(webSocket, message));
      this.emit('open', connection);
      webSocket.resume();
    });
  }

  /** Resolves when the next message may be sent. */
  private sendOn(webSocket: WebSocket, message: Message): Promise<void> {
    this.echoes.send(message);
    return new Promise((resolve) => {
      webSocket.send(message.data, { binary: message.binary }, () => resolve());
      if (webSocket.bufferedAmount < HIGH_WATER_MARK) resolve();
    });
  }

  /** A pong may answer the latest of several pings only (RFC 6455 section 5.5.3): those before it have their answer, too. */
  private receivePong(data: Buffer): void {
    const index = this.pings.findIndex((ping) => ping.data.equals(data));
    const ping = this.pings[index];
    if (!ping) return;
    this.pings.splice(0, index + 1);
    this.emit('pong', performance.now() - ping.sentAt, data);
  }

  private watchSilence({ webSocket, transport }: Connection, onSilence: (cause: string) => void): () => void {
    const { silenceTimeout } = this.options;
    if (silenceTimeout === 0) {
      return () => {};
    }
    // While nobody takes what comes, silence is not the server's.
    const life = (): number => (webSocket.isPaused ? performance.now() : transport.bytesRead);
    return onceQuiet(life, silenceTimeout, () => {
      onSilence(`nothing was received for ${silenceTimeout / 1000} s (--silence-timeout)`);
      webSocket.terminate();
    });
  }
}

/** What ended a connection, in words that fit behind "The connection was lost: ". */
function explainLoss({ code, message }: NodeJS.ErrnoException): string {
  return code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    ? `a message came that is larger than the ${LARGEST_MESSAGE / 1024 ** 2} MiB that this client takes`
    : message;
}

/** Bytes of a ping or a pong that a server sent: it is not masked, and its head has two bytes (RFC 6455 section 5.2). */
function controlFrameLength(payload: Buffer): number {
  return 2 + payload.length;
}
