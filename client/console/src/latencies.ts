import { createHistogram } from 'node:perf_hooks';

/** One hour in milliseconds. A longer latency is recorded as this value. */
const LONGEST = 3_600_000;

const NANOSECONDS = 1e6;

/**
 * Latencies in milliseconds, in an HDR histogram: its memory does not grow, and its values are exact to a thousandth.
 */
export class Latencies {
  private readonly histogram = createHistogram({ lowest: 1, highest: LONGEST * NANOSECONDS, figures: 3 });

  record(milliseconds: number): void {
    this.histogram.record(Math.max(1, Math.round(Math.min(milliseconds, LONGEST) * NANOSECONDS)));
  }

  get count(): number {
    return this.histogram.count;
  }

  get min(): number | undefined {
    return this.count === 0 ? undefined : this.histogram.min / NANOSECONDS;
  }

  get max(): number | undefined {
    return this.count === 0 ? undefined : this.histogram.max / NANOSECONDS;
  }

  /** @param share more than 0, at most 100 */
  percentile(share: number): number | undefined {
    return this.count === 0 ? undefined : this.histogram.percentile(share) / NANOSECONDS;
  }
}
