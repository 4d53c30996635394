import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createClient, SocketTimeoutError } from 'redis';
import type { Backplane } from './backplane.js';

/** Distinguishes the channels of the chat from other channels in the same Redis. */
const CHANNEL_PREFIX = 'nest-ws-echo:background:';
/** The server that published the message, and the message. */
const ENVELOPE = /^([0-9a-f]{16}) (.*)$/s;
/** How many characters may wait for a Redis that is connected but does not read. Further messages are lost. */
const MAX_WAITING = 4 * 1024 * 1024;
/** How long Redis may be silent before this server goes on alone, in ms. */
const PATIENCE = 5_000;

/**
 * Connects servers by Redis publish/subscribe, with a channel for each room of this server. All messages use one
 * connection, so they stay in order: a server that has received a `joined` can rely on it that the new member receives the
 * answer.
 *
 * While Redis cannot be reached, the server goes on alone and tries to connect again.
 */
export class RedisBackplane implements Backplane, OnModuleInit, OnApplicationShutdown {
  readonly status = { isUp: false, published: 0, received: 0, lost: 0 };

  private readonly logger = new Logger('Backplane');
  private readonly client: ReturnType<typeof createClient>;
  /** The address of Redis, without user and password. */
  private readonly address: string;
  /** Marks the messages of this server, because Redis also sends them back to it. */
  private readonly origin = randomBytes(8).toString('hex');
  private readonly listeners = new Map<string, (message: string) => void>();
  /** The state in the last line of the log. Each change is one line, however often the client tries to connect. */
  private reported = '';
  private isClosed = false;
  private waiting = 0;
  /** Fires when Redis has been silent for too long. */
  private readonly silence: NodeJS.Timeout;

  /**
   * @param url `redis://` or `rediss://`
   * @param patience how long Redis may be silent, in ms. Default: 5000
   */
  constructor(url: string, patience = PATIENCE) {
    const { protocol, host } = new URL(url);
    this.address = `${protocol}//${host}`;
    this.client = createClient({
      url,
      name: 'nest-ws-echo',
      // A message that cannot be sent now is lost: minutes later it would be out of date.
      disableOfflineQueue: true,
      commandOptions: { timeout: undefined },
      maintNotifications: 'disabled',
      pingInterval: patience / 2,
      // Ends an attempt to connect that gets no answer. Sent bytes count as activity here, so `silence` watches the answers.
      socket: { reconnectStrategy, socketTimeout: patience },
    });
    this.silence = setTimeout(() => this.onSilence(), patience).unref();
    this.client.on('connect', () => this.onConnect());
    this.client.on('ready', () => this.onReady());
    this.client.on('ping-interval', () => this.onAnswer());
    this.client.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
  }

  /** Waits for the first attempt, so that a server is connected to the others before it listens, if Redis is up. */
  async onModuleInit(): Promise<void> {
    this.silence.refresh();
    this.client.connect().catch(() => {}); // errors are also events
    await once(this.client, 'ready').catch(() => {});
  }

  /** All sockets have ended by now. Messages that Redis has not read yet are lost. */
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
      this.client.destroy(); // `destroy` does not stop a connection attempt that is in progress
    }
  }

  private onReady(): void {
    this.silence.refresh();
    this.status.isUp = true;
    this.report('up', 'log', 'connects this server to the others');
    // The client restores its former subscriptions. Meanwhile rooms may have been created or removed.
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

  /** From now on nothing is sent, so that the socket times out and the client connects again. */
  private onSilence(): void {
    this.status.isUp = false;
    this.report('down', 'warn', 'does not answer. Until it does, this server is alone.');
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (this.isClosed) {
      return;
    }
    if (this.client.isReady) {
      this.onAnswer(); // Redis refused a ping, because its user has no permission for it
    } else if (error instanceof SocketTimeoutError) {
      this.onSilence();
    } else {
      this.status.isUp = false;
      // The error for a name with several addresses has no message.
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

/** Waits 50 ms, then twice as long each time, up to two seconds, with a random part so that servers do not act together. */
function reconnectStrategy(retries: number): number {
  return Math.min(50 * 2 ** retries, 2000) * (0.5 + Math.random() / 2);
}
