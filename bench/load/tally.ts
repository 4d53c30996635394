/** Counts completed messages or handshakes, collects their latencies, and holds the first error. */
export class Tally {
  messages = 0;
  latencies = new Latencies();
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  count(messages: number): void {
    this.messages += messages;
    this.wake?.();
  }

  fail(error: Error): void {
    this.error ??= error;
    this.wake?.();
  }

  /**
   * Resolves at the next completed message, so that a measurement can begin and end with a whole message.
   *
   * @throws the first error of the load, or one that says that nothing was completed in time
   */
  async next(timeout = 60_000): Promise<void> {
    const late = setTimeout(() => this.fail(new Error(`The server sent nothing for ${timeout / 1000} s.`)), timeout);
    if (!this.error) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    this.wake = undefined;
    clearTimeout(late);
    this.throwIfFailed();
  }

  /** @throws the first error of the load */
  throwIfFailed(): void {
    if (this.error) {
      throw this.error;
    }
  }

  /** Resolves when `isDone` is true. @throws as `next` does */
  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await this.next();
    }
  }
}

const NANOSECONDS = 1e6;
/** Buckets from one power of two to the next, so a percentile is off by 1/128 at most. */
const STEPS = 128;
/** More than four minutes, in ns. */
const LONGEST = 2 ** 38;

/** A histogram of latencies with a fixed size: adding costs the same for any number of messages. */
export class Latencies {
  private readonly buckets = new Float64Array(bucketOf(LONGEST) + 1);
  private count = 0;

  /** @param milliseconds the latency of one message */
  add(milliseconds: number): void {
    this.buckets[bucketOf(milliseconds * NANOSECONDS)]++;
    this.count++;
  }

  /** @returns ms; undefined if there were no messages */
  percentile(share: number): number | undefined {
    if (this.count === 0) {
      return undefined;
    }
    let left = Math.max(1, Math.ceil(this.count * share));
    const bucket = this.buckets.findIndex((messages) => (left -= messages) <= 0);
    const power = Math.floor(bucket / STEPS);
    return (((bucket % STEPS) + STEPS + 0.5) * 2 ** power) / NANOSECONDS;
  }
}

function bucketOf(nanoseconds: number): number {
  const value = Math.min(LONGEST, Math.max(STEPS, nanoseconds));
  const power = 31 - Math.clz32(value / STEPS);
  return power * STEPS + Math.floor(value / 2 ** power) - STEPS;
}
