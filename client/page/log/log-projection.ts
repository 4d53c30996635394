import type { Filter } from './filter.js';
import type { LogEntry } from './log-entry.js';
import type { LogStore } from './log-store.js';

/** How many entries are compared with the filter before the clock is read. */
const BATCH = 256;

/** The displayed entries of a {@link LogStore}: those that match the filter, up to the moment of a pause. */
export class LogProjection {
  private readonly store: LogStore;
  private readonly now: () => number;
  private filter: Filter | undefined;
  /** Sequence numbers of the matching entries, oldest first, from `#start` on. */
  private matches: number[] = [];
  private start = 0;
  /** The sequence number up to which entries have been compared with the filter. */
  private scanned = 0;
  private until: number | undefined;

  /** @param now - a clock in milliseconds */
  constructor(store: LogStore, now: () => number) {
    this.store = store;
    this.now = now;
  }

  get length(): number {
    return this.filter ? this.matches.length - this.start : Math.max(0, this.end - this.store.first);
  }

  get isPaused(): boolean {
    return this.until !== undefined;
  }

  /** How many entries have arrived since the pause. */
  get waiting(): number {
    return this.until === undefined ? 0 : this.store.next - Math.max(this.until, this.store.first);
  }

  /** How many displayed entries have been dropped from the front so far. It grows, so that a view can keep its place. */
  get sequenceOfFirst(): number {
    return this.sequenceAt(0);
  }

  sequenceAt(index: number): number {
    return this.filter ? (this.matches[this.start + index] ?? this.store.next) : this.store.first + index;
  }

  /** The index of the first displayed entry that is not older than a sequence number. */
  indexOf(sequence: number): number {
    if (!this.filter) {
      return Math.max(0, sequence - this.store.first);
    }
    let low = this.start;
    let high = this.matches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.matches[middle] ?? 0) < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - this.start;
  }

  entryAt(index: number): LogEntry | undefined {
    return this.store.get(this.sequenceAt(index));
  }

  setFilter(filter: Filter | undefined): void {
    this.filter = filter;
    this.matches = [];
    this.start = 0;
    this.scanned = this.store.first;
  }

  pause(): void {
    this.until ??= this.store.next;
  }

  resume(): void {
    this.until = undefined;
  }

  /**
   * Compares new entries with the filter.
   *
   * @param budget - milliseconds after which it stops
   * @returns whether entries remain to be compared
   */
  update(budget: number): boolean {
    if (!this.filter) {
      return false;
    }
    this.forgetDropped();
    const deadline = this.now() + budget;
    this.scanned = Math.max(this.scanned, this.store.first);
    while (this.scanned < this.end) {
      const end = Math.min(this.scanned + BATCH, this.end);
      for (; this.scanned < end; this.scanned += 1) {
        const entry = this.store.get(this.scanned);
        if (entry && this.filter(entry)) {
          this.matches.push(this.scanned);
        }
      }
      if (this.now() >= deadline) {
        break;
      }
    }
    return this.scanned < this.end;
  }

  private get end(): number {
    return Math.min(this.until ?? this.store.next, this.store.next);
  }

  private forgetDropped(): void {
    while (this.start < this.matches.length && (this.matches[this.start] ?? 0) < this.store.first) {
      this.start += 1;
    }
    if (this.start > 4_096 && this.start * 2 > this.matches.length) {
      this.matches = this.matches.slice(this.start);
      this.start = 0;
    }
  }
}
