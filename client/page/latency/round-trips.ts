/** Statistics and plots cover this many of the latest round-trip times. */
export const KEPT_ROUND_TRIPS = 10_000;

/** Statistics of round-trip times, in milliseconds. */
export interface Summary {
  /** The number of values. */
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** One bar of a histogram: round-trip times from `from` up to, not including, `to`, in milliseconds. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** The latest round-trip times of a connection. */
export class RoundTrips {
  private readonly times = new Float64Array(KEPT_ROUND_TRIPS);
  private count = 0;

  /** @param milliseconds - one round-trip time */
  add(milliseconds: number): void {
    this.times[this.count % KEPT_ROUND_TRIPS] = milliseconds;
    this.count += 1;
  }

  /** The total number of measurements. */
  get total(): number {
    return this.count;
  }

  clear(): void {
    this.count = 0;
  }

  /** The latest round-trip times, oldest first. */
  latest(count: number): number[] {
    const length = Math.min(count, this.count, KEPT_ROUND_TRIPS);
    return Array.from({ length }, (_, index) => this.times[(this.count - length + index) % KEPT_ROUND_TRIPS] ?? 0);
  }

  /** Percentiles by nearest rank. `undefined` before the first measurement. */
  summary(): Summary | undefined {
    const sorted = this.times.slice(0, Math.min(this.count, KEPT_ROUND_TRIPS)).toSorted();
    const count = sorted.length;
    const rank = (percent: number): number => sorted[Math.max(0, Math.ceil((percent / 100) * count) - 1)] ?? 0;
    return count === 0
      ? undefined
      : { count, min: rank(0), median: rank(50), p99: rank(99), max: sorted[count - 1] ?? 0 };
  }

  /** Bars with edges at 1, 2 and 5 times powers of ten, from the shortest to the longest round-trip time. */
  histogram(): Bar[] {
    const times = this.latest(KEPT_ROUND_TRIPS);
    if (times.length === 0) {
      return [];
    }
    const counts = new Map<number, number>();
    for (const time of times) {
      const step = stepOf(time);
      counts.set(step, (counts.get(step) ?? 0) + 1);
    }
    const steps = [...counts.keys()];
    const first = Math.min(...steps);
    return Array.from({ length: Math.max(...steps) - first + 1 }, (_, index) => ({
      from: edge(first + index),
      to: edge(first + index + 1),
      count: counts.get(first + index) ?? 0,
    }));
  }
}

const FACTORS = [1, 2, 5];

/** Edges are numbered: 0 is 1 ms, 1 is 2 ms, 2 is 5 ms, 3 is 10 ms, -1 is 0.5 ms. The lowest is 0.01 ms. */
function edge(step: number): number {
  const power = Math.floor(step / 3);
  return Number(`${FACTORS[step - 3 * power]}e${power}`);
}

function stepOf(milliseconds: number): number {
  let step = 3 * Math.floor(Math.log10(Math.max(milliseconds, 0.01)));
  while (edge(step + 1) <= milliseconds) {
    step += 1;
  }
  return step;
}
