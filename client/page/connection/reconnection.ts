const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;

/** Timers, so that tests can control them. */
export interface Timers {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/**
 * The delay before an attempt to reconnect: 1 s, doubled for each attempt, at most 30 s. The actual delay is between
 * half of it and all of it, so that the clients of a restarted server do not all return at the same moment.
 *
 * @param attempt - 1 for the first attempt after a loss
 * @param random - from 0 to 1
 * @returns milliseconds
 */
export function reconnectDelay(attempt: number, random: number): number {
  const whole = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY);
  return whole / 2 + (whole / 2) * random;
}

/** Waits and reconnects, with a growing delay, until it is stopped or a connection opens. */
export class Reconnection {
  private readonly timers: Timers;
  private readonly random: () => number;
  private attempt = 0;
  private timer: unknown;

  constructor(timers: Timers, random: () => number) {
    this.timers = timers;
    this.random = random;
  }

  get isWaiting(): boolean {
    return this.timer !== undefined;
  }

  /** Schedules the next attempt. */
  schedule(connect: () => void): { attempt: number; delay: number } {
    this.stopWaiting();
    this.attempt += 1;
    const delay = reconnectDelay(this.attempt, this.random());
    this.timer = this.timers.setTimeout(() => {
      this.timer = undefined;
      connect();
    }, delay);
    return { attempt: this.attempt, delay };
  }

  /** A connection has opened: the next series starts with the shortest delay again. */
  reset(): void {
    this.stopWaiting();
    this.attempt = 0;
  }

  stopWaiting(): void {
    if (this.timer !== undefined) {
      this.timers.clearTimeout(this.timer);
      this.timer = undefined;
    }
  }
}
