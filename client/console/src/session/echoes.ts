import { Fifo } from '../queue.js';
import { differenceBetween } from './difference.js';

/** A message, as WebSocket has it: bytes, which are text or not. */
export interface Message {
  readonly data: Buffer;
  readonly binary: boolean;
}

/** What a message that came says about the one that it answers. */
export interface Echo {
  /** Since that one was sent, in milliseconds; undefined when there is none. */
  readonly roundTrip?: number;
  /** With `verify`: what is wrong with it. */
  readonly difference?: string;
}

interface Pending {
  readonly sentAt: number;
  /** Kept to compare only. */
  readonly message?: Message;
}

/**
 * Counts messages, and takes each one that comes for the answer to the oldest one that has none. That is so with a server
 * that echoes, or answers every message with one.
 */
export class Echoes {
  sent = 0;
  received = 0;
  /** Those that had no answer when their connection ended. */
  lost = 0;
  differed = 0;
  private readonly pending = new Fifo<Pending>();

  /**
   * @param echo whether the server answers every message; without it there is nothing to wait for
   * @param verify whether messages are kept until they come back, and compared
   */
  constructor(
    private readonly echo: boolean,
    private readonly verify: boolean,
  ) {}

  /** How many messages have no answer yet. */
  get outstanding(): number {
    return this.pending.length;
  }

  send(message: Message): void {
    this.sent++;
    if (this.echo) this.pending.push({ sentAt: performance.now(), message: this.verify ? message : undefined });
  }

  receive(message: Message): Echo {
    const roundTripEnd = performance.now();
    this.received++;
    const answered = this.pending.shift();
    const difference = this.verify ? differenceBetween(answered?.message, message) : undefined;
    if (difference !== undefined) {
      this.differed++;
    }
    return { roundTrip: answered && roundTripEnd - answered.sentAt, difference };
  }

  /** Gives up those that are on their way, because their connection has ended. */
  lose(): number {
    const { outstanding } = this;
    this.lost += outstanding;
    this.pending.clear();
    return outstanding;
  }
}
