/** How long messages took, in ms. */
export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const NANOSECONDS = 1e6;
/** Steps between one power of two and the next: no percentile is off by more than 1/128. */
const STEPS = 128;
/** More than four minutes, in ns. */
const LONGEST = 2 ** 38;

/** A histogram of fixed size: taking a message costs the same, however many there are. */
export class Latencies {
  private readonly buckets = new Float64Array(indexOf(LONGEST) + 1);
  private count = 0;
  private max = 0;

  /** @param milliseconds what `messages` messages took, each */
  add(milliseconds: number, messages: number): void {
    this.buckets[indexOf(milliseconds * NANOSECONDS)] += messages;
    this.count += messages;
    this.max = Math.max(this.max, milliseconds);
  }

  summary(): LatencySummary {
    return {
      p50: this.percentile(0.5),
      p90: this.percentile(0.9),
      p99: this.percentile(0.99),
      p999: this.percentile(0.999),
      max: this.max,
    };
  }

  private percentile(share: number): number {
    let left = Math.max(1, Math.ceil(this.count * share));
    const index = this.buckets.findIndex((messages) => (left -= messages) <= 0);
    return Math.min(this.max, middleOf(index) / NANOSECONDS);
  }
}

function indexOf(nanoseconds: number): number {
  const value = Math.min(LONGEST, Math.max(STEPS, nanoseconds));
  const power = 31 - Math.clz32(value / STEPS);
  return power * STEPS + Math.floor(value / 2 ** power) - STEPS;
}

function middleOf(index: number): number {
  const power = Math.floor(index / STEPS);
  return ((index % STEPS) + STEPS + 0.5) * 2 ** power;
}
