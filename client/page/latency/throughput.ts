import type { Party } from '../log/log-entry.js';

/** The number of seconds in the plot. */
export const SHOWN_SECONDS = 60;

/** The traffic of one second in one direction. */
export interface Rate {
  readonly messages: number;
  readonly bytes: number;
}

interface Second {
  number: number;
  readonly Client: { messages: number; bytes: number };
  readonly Server: { messages: number; bytes: number };
}

/** Messages and bytes in each second of the last minute, in each direction. */
export class Throughput {
  private readonly seconds: Second[] = Array.from({ length: SHOWN_SECONDS + 1 }, () => ({
    number: -1,
    Client: { messages: 0, bytes: 0 },
    Server: { messages: 0, bytes: 0 },
  }));

  /** @param at - a clock in milliseconds that starts at 0 */
  add(from: Party, bytes: number, at: number): void {
    const number = Math.floor(at / 1_000);
    const second = this.seconds[number % this.seconds.length];
    if (!second) {
      return;
    }
    if (second.number !== number) {
      second.number = number;
      for (const rate of [second.Client, second.Server]) {
        rate.messages = 0;
        rate.bytes = 0;
      }
    }
    second[from].messages += 1;
    second[from].bytes += bytes;
  }

  /** The complete seconds before the current one, oldest first. */
  rates(from: Party, at: number): Rate[] {
    const present = Math.floor(at / 1_000);
    return Array.from({ length: SHOWN_SECONDS }, (_, index) => {
      const number = present - SHOWN_SECONDS + index;
      const second = this.seconds[((number % this.seconds.length) + this.seconds.length) % this.seconds.length];
      return second?.number === number && number >= 0 ? { ...second[from] } : { messages: 0, bytes: 0 };
    });
  }
}
