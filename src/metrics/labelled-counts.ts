import type { Counter, Gauge } from 'prom-client';

/**
 * Counts by the values of two labels. A metric of prom-client sorts and joins its labels for each count, and this is one look-up
 * for each label. The metric gets the counts when it is collected.
 */
export class LabelledCounts<Label extends string> {
  private readonly counts = new Map<string, Map<string, number>>();

  constructor(private readonly labels: readonly [first: Label, second: Label]) {}

  /** @param change 1 or -1 */
  add(first: string, second: string, change = 1): void {
    let counts = this.counts.get(first);
    if (counts === undefined) {
      this.counts.set(first, (counts = new Map()));
    }
    counts.set(second, (counts.get(second) ?? 0) + change);
  }

  /** Replaces the values of a metric. */
  copyTo(metric: Counter<Label> | Gauge<Label>): void {
    const [firstLabel, secondLabel] = this.labels;
    metric.reset();
    for (const [first, counts] of this.counts) {
      for (const [second, count] of counts) {
        metric.inc({ [firstLabel]: first, [secondLabel]: second } as Record<Label, string>, count);
      }
    }
  }
}
