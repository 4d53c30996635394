import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createClient, SocketTimeoutError } from 'redis';
import type { Backplane } from './backplane.js';

/** What tells the channels of the chat from all others of a Redis. */
const CHANNEL_PREFIX = 'nest-ws-echo:background:';
/** Whose a message is, and the message. */
const ENVELOPE = /^([0-9a-f]{16}) (.*)$/s;
/** How many characters may wait for a Redis that is there but does not take them; what is more is lost. */
const MAX_WAITING = 4 * 1024 * 1024;
/** How many milliseconds Redis may be silent before this server goes on alone. */
const PATIENCE = 5_000;

/**
 * Joins servers by Redis publish/subscribe, with a channel for each room that this server has. All goes over one
 * connection, in order: who has heard that somebody joined may rely on it that this one hears the answer.
 *
 * While Redis cannot be reached the server goes on alone, and tries again for ever.
 */
export class RedisBackplane implements Backplane, OnModuleInit, OnApplicationShutdown {
  readonly status = { isUp: false, published: 0, received: 0, lost: 0 };

  private readonly logger = new Logger('Backplane');
  private readonly client: ReturnType<typeof createClient>;
  /** Without user and password. */
  private readonly address: string;
  /** Whose the messages of this server are: Redis sends them back to it, too. */
  private readonly origin = randomBytes(8).toString('hex');
  private readonly listeners = new Map<string, (message: string) => void>();
  /** What the log said last: each change is one line, however often the client tries. */
  private reported = '';
  private isClosed = false;
  private waiting = 0;
  /** Runs out when no answer has come for too long. */
  private readonly silence: NodeJS.Timeout;

  /**
   * @param url `redis://` or `rediss://`
   * @param patience how many milliseconds Redis may be silent. Default 5000.
   */
  constructor(url: string, patience = PATIENCE) {
    const { protocol, host } = new URL(url);
    this.address = `${protocol}//${host}`;
    this.client = createClient({
      url,
      name: 'nest-ws-echo',
      // What cannot be told now is lost: after minutes nobody wants to hear it.
      disableOfflineQueue: true,
      commandOptions: { timeout: undefined },
      maintNotifications: 'disabled',
      pingInterval: patience / 2,
      // Ends an attempt that nobody answers. What is sent counts as a sign of life here, so `silence` looks for answers.
      socket: { reconnectStrategy, socketTimeout: patience },
    });
    this.silence = setTimeout(() => this.onSilence(), patience).unref();
    this.client.on('connect', () => this.onConnect());
    this.client.on('ready', () => this.onReady());
    this.client.on('ping-interval', () => this.onAnswer());
    this.client.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
  }

  /** Waits for the first attempt, so that a server which listens is joined to the others, if Redis is there. */
  async onModuleInit(): Promise<void> {
    this.silence.refresh();
    this.client.connect().catch(() => {}); // errors are events, too
    await once(this.client, 'ready').catch(() => {});
  }

  /** By then all sockets have ended. What Redis has not taken yet is lost. */
  onApplicationShutdown(): void {
    this.isClosed = true;
    this.status.isUp = false;
    clearTimeout(this.silence);
    this.client.destroy();
  }

  publish(room: string, message: string): void {
    if (!this.status.isUp || this.waiting > MAX_WAITING) {
      this.status.lost++;
      return;
    }
    this.waiting += message.length;
    this.client
      .publish(CHANNEL_PREFIX + room, `${this.origin} ${message}`)
      .then(
        () => this.status.published++,
        (error: Error) => {
          this.status.lost++;
          this.onRefused(error);
        },
      )
      .finally(() => (this.waiting -= message.length));
  }

  subscribe(room: string, listener: (message: string) => void): () => void {
    const channel = CHANNEL_PREFIX + room;
    this.listeners.set(channel, listener);
    this.subscribeTo([channel]);
    return () => {
      this.listeners.delete(channel);
      this.unsubscribeFrom([channel]);
    };
  }

  private subscribeTo(channels: string[]): void {
    if (this.status.isUp && channels.length > 0) {
      this.client.subscribe(channels, this.onMessage).catch((error: Error) => this.onRefused(error));
    }
  }

  private unsubscribeFrom(channels: string[]): void {
    if (this.status.isUp && channels.length > 0) {
      this.client.unsubscribe(channels, this.onMessage).catch((error: Error) => this.onRefused(error));
    }
  }

  private readonly onMessage = (envelope: string, channel: string): void => {
    const [, origin, message] = ENVELOPE.exec(envelope) ?? [];
    if (message !== undefined && origin !== this.origin) {
      this.status.received++;
      this.listeners.get(channel)?.(message);
    }
  };

  private onConnect(): void {
    if (this.isClosed) {
      this.client.destroy(); // it was under way when the client was destroyed, which does not stop it
    }
  }

  private onReady(): void {
    this.silence.refresh();
    this.status.isUp = true;
    this.report('up', 'log', 'joins this server to the others');
    // The client renews the subscriptions that it had. Rooms may have come and gone since.
    const had = [...this.client.getPubSubListeners('CHANNELS').keys()];
    this.unsubscribeFrom(had.filter((channel) => !this.listeners.has(channel)));
    this.subscribeTo([...this.listeners.keys()]);
  }

  private onAnswer(): void {
    this.silence.refresh();
    if (!this.status.isUp && !this.isClosed) {
      this.onReady();
    }
  }

  /** Nothing more is sent then, so that the socket times out and the client connects anew. */
  private onSilence(): void {
    this.status.isUp = false;
    this.report('down', 'warn', 'does not answer. Until it does, this server is alone.');
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (this.isClosed) {
      return;
    }
    if (this.client.isReady) {
      this.onAnswer(); // Redis refused a ping, as to a user who may not
    } else if (error instanceof SocketTimeoutError) {
      this.onSilence();
    } else {
      this.status.isUp = false;
      // An error for several addresses of one name has no message.
      const reason = error.message || error.code;
      this.report('down', 'warn', `cannot be reached: ${reason}. Until it can, this server is alone.`);
    }
  }

  private onRefused(error: Error): void {
    if (this.status.isUp) {
      this.report(error.message, 'warn', `refuses: ${error.message}`);
    }
  }

  private report(state: string, level: 'log' | 'warn', line: string): void {
    if (this.reported !== state) {
      this.reported = state;
      this.logger[level](`Redis at ${this.address} ${line}`);
    }
  }
}

/** Waits 50 ms, then twice as long each time, up to two seconds; not all servers at the same moment. */
function reconnectStrategy(retries: number): number {
  return Math.min(50 * 2 ** retries, 2000) * (0.5 + Math.random() / 2);
}
