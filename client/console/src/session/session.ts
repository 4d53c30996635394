import { EventEmitter, once } from 'node:events';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { LARGEST_MESSAGE, type Message } from '../message.js';
import { connect, type ClientConnection, type ConnectOptions } from '../connection/connect.js';
import { ConnectError } from '../connection/connect-error.js';
import type { FrameObserver } from '../connection/frame-tap.js';
import { DEFAULT_CLOSE_STATUS, type CloseStatus } from '../close-status.js';
import { backoff, LONGEST_BACKOFF, reasonToReconnect, retryDelayOf, type Reconnection } from './reconnection.js';
import { Echoes, type Echo } from './echoes.js';
import type { Closed, Ending } from './ending.js';
import { onceQuiet } from './quiet-timer.js';

/** How many bytes may wait to be sent before `send` waits. */
const HIGH_WATER_MARK = 64 * 1024;

/** The payload of the pings of `pingInterval`. Their pongs are not reported. */
const KEEP_ALIVE = Buffer.from('keep-alive');

/** How many messages are sent in one turn of the event loop. Incoming data and signals are handled between turns. */
const MESSAGES_PER_TURN = 64;

/** The options of a session. */
export interface SessionOptions {
  readonly connect: ConnectOptions;
  /** Whether the server answers each message with one message. */
  readonly echo: boolean;
  /** Whether echoes are compared with their messages. */
  readonly verify: boolean;
  /** How often in a row the client reconnects; 0 for never. */
  readonly reconnects: number;
  /** The longest delay before the first attempt to reconnect, in milliseconds. */
  readonly reconnectDelay: number;
  /** How long the server may be silent before the connection counts as lost, in milliseconds; 0 for no limit. */
  readonly silenceTimeout: number;
  /** Messages that are sent at the start of each connection. */
  readonly first?: readonly Message[];
  /** The interval between keep-alive pings, in milliseconds; 0 for no pings. */
  readonly pingInterval?: number;
  /** The default status of `close`. Default: 1000 "Status". */
  readonly closeStatus?: CloseStatus;
  readonly onFrame?: FrameObserver;
}

interface SessionEvents {
  open: [connection: ClientConnection];
  message: [message: Message, echo: Echo];
  /** The answer to `ping`, and its round-trip time in milliseconds. */
  pong: [roundTrip: number, data: Buffer];
  close: [closed: Closed];
  reconnecting: [reconnection: Reconnection];
  end: [ending: Ending];
}

/** A ping without a pong. */
interface Ping {
  readonly data: Buffer;
  readonly sentAt: number;
}

/**
 * A sequence of connections: when one is lost, the session reconnects, up to `reconnects` times. Messages without an echo
 * are lost with their connection. Messages that are sent between two connections wait for the next one.
 */
export class Session extends EventEmitter<SessionEvents> {
  readonly echoes: Echoes;
  private readonly interruption = new AbortController();
  private readonly ended = new AbortController();
  private connection?: ClientConnection;
  private isClosedByClient = false;
  private giveUpReason?: string;
  private bytesOfMessages = 0;
  private pings: Ping[] = [];

  constructor(private readonly options: SessionOptions) {
    super();
    this.echoes = new Echoes(options.echo, options.verify);
  }

  /** A signal that is aborted when the session has ended. */
  get over(): AbortSignal {
    return this.ended.signal;
  }

  /** Whether a connection is open now. */
  get isOpen(): boolean {
    return this.connection?.webSocket.readyState === WebSocket.OPEN;
  }

  /**
   * A number that changes with each received byte of a message; pings and pongs do not count. While the session is paused,
   * and nothing can be received, it changes all the time.
   */
  get progress(): number {
    return this.connection?.webSocket.isPaused ? performance.now() : this.bytesOfMessages;
  }

  /** Connects and reconnects. @returns a promise that is fulfilled when the session has ended */
  async run(): Promise<Ending> {
    for (let attempt = 0; ; attempt++) {
      const ending = await this.connectOnce();
      const reason = reasonToReconnect(ending);
      // Only a connection that was open for a while resets the count. A slow attempt that failed does not.
      if (ending.kind === 'closed' && ending.closed.openFor > LONGEST_BACKOFF) {
        attempt = 0;
      }
      const isLeaving = this.interruption.signal.aborted;
      if (isLeaving || reason === undefined || attempt >= this.options.reconnects) {
        return this.end(ending);
      }
      const wait = Math.max(backoff(attempt, this.options.reconnectDelay), retryDelayOf(ending));
      this.emit('reconnecting', { reason, delay: wait, attempt: attempt + 1 });
      await delay(wait, undefined, { signal: this.interruption.signal }).catch(() => {});
      if (this.interruption.signal.aborted) {
        return this.end(ending);
      }
    }
  }

  /** Waits for an open connection. @returns false if the session has ended without one */
  async opened(): Promise<boolean> {
    return (await this.whenOpen()) !== undefined;
  }

  /**
   * Sends a message as soon as a connection is open.
   *
   * @returns a promise that is fulfilled when the next message may be sent; false if the session has ended
   */
  async send(message: Message): Promise<boolean> {
    const webSocket = await this.whenOpen();
    if (!webSocket) {
      return false;
    }
    await this.sendOn(webSocket, message);
    if (this.echoes.sent % MESSAGES_PER_TURN === 0) {
      await turn();
    }
    return true;
  }

  /**
   * Sends a ping as soon as a connection is open. The event `pong` reports its round-trip time.
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

  /** Whether messages or pings have no answer. */
  get isWaiting(): boolean {
    return this.echoes.outstanding > 0 || this.pings.length > 0;
  }

  /**
   * Closes the connection and ends the session, or gives up connecting.
   *
   * @param giveUpReason the reason, if the user did not ask for it
   * @throws TypeError or RangeError if the status or the reason may not be sent (RFC 6455 sections 5.5.1 and 7.4)
   */
  close({ code, reason }: CloseStatus = this.options.closeStatus ?? DEFAULT_CLOSE_STATUS, giveUpReason?: string): void {
    const webSocket = this.connection?.webSocket;
    if (webSocket?.readyState === WebSocket.OPEN) {
      webSocket.close(code, reason);
      this.isClosedByClient = true;
      this.giveUpReason = giveUpReason;
      // The close frame of the server has to be read, also while the session is paused.
      webSocket.resume();
    }
    this.interruption.abort();
  }

  /** Stops reading until `resume`, because the consumer of the messages is slower than the server. */
  pause(): void {
    if (!this.isClosedByClient) {
      this.connection?.webSocket.pause();
    }
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
      return {
        kind: 'closed',
        closed: await this.useUntilClosed(await connect(options, this.interruption.signal, onFrame)),
      };
    } catch (error) {
      if (this.interruption.signal.aborted) {
        return { kind: 'interrupted' };
      }
      if (error instanceof ConnectError) {
        return { kind: 'not connected', error };
      }
      throw error;
    }
  }

  /** Uses a connection until it is closed. */
  private useUntilClosed(connection: ClientConnection): Promise<Closed> {
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
        // With the default `binaryType`, data is a Buffer.
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
          giveUpReason: this.giveUpReason,
          byClient: this.isClosedByClient,
          lost: this.echoes.giveUp(),
          openFor: performance.now() - openedAt,
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

  /** @returns a promise that is fulfilled when the next message may be sent */
  private sendOn(webSocket: WebSocket, message: Message): Promise<void> {
    this.echoes.send(message);
    return new Promise((resolve) => {
      webSocket.send(message.data, { binary: message.binary }, () => resolve());
      if (webSocket.bufferedAmount < HIGH_WATER_MARK) {
        resolve();
      }
    });
  }

  /** A pong may answer only the latest of several pings (RFC 6455 section 5.5.3). Earlier pings then count as answered. */
  private receivePong(data: Buffer): void {
    const index = this.pings.findIndex((ping) => ping.data.equals(data));
    const ping = this.pings[index];
    if (!ping) {
      return;
    }
    this.pings.splice(0, index + 1);
    this.emit('pong', performance.now() - ping.sentAt, data);
  }

  private watchSilence({ webSocket, transport }: ClientConnection, onSilence: (cause: string) => void): () => void {
    const { silenceTimeout } = this.options;
    if (silenceTimeout === 0) {
      return () => {};
    }
    // During a pause the client is silent, not the server.
    const receivedBytes = (): number => (webSocket.isPaused ? performance.now() : transport.bytesRead);
    return onceQuiet(receivedBytes, silenceTimeout, () => {
      onSilence(`nothing was received for ${silenceTimeout / 1000} s (--silence-timeout)`);
      webSocket.terminate();
    });
  }
}

/** The error that ended a connection, in words that fit after "The connection was lost: ". */
function explainLoss({ code, message }: NodeJS.ErrnoException): string {
  return code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    ? `a message is larger than ${LARGEST_MESSAGE / 1024 ** 2} MiB, the limit of this client`
    : message;
}

/** The size of a ping or a pong from a server. The frame is not masked: its header has two bytes (RFC 6455 section 5.2). */
function controlFrameLength(payload: Buffer): number {
  return 2 + payload.length;
}
