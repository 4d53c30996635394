import type { LogEntry } from './log-entry.js';

/** The log keeps this many entries. */
export const KEPT_ENTRIES = 100_000;

/** The log keeps this many bytes of messages. One message may be larger: the newest is always kept. */
const KEPT_BYTES = 128 * 1_048_576;

/**
 * The latest entries of a log, each with a permanent sequence number. The oldest entries are dropped when there are too
 * many or when they contain too many bytes.
 */
export class LogStore {
  private readonly capacity: number;
  private readonly byteCapacity: number;
  /** The entry with the sequence number n is at n modulo the capacity. */
  private ring: (LogEntry | undefined)[] = [];
  private firstSequence = 0;
  private nextSequence = 0;
  private bytes = 0;
  private cleared = 0;

  constructor(capacity = KEPT_ENTRIES, byteCapacity = KEPT_BYTES) {
    this.capacity = capacity;
    this.byteCapacity = byteCapacity;
  }

  /** The sequence number of the oldest entry. */
  get first(): number {
    return this.firstSequence;
  }

  /** The sequence number of the next entry. */
  get next(): number {
    return this.nextSequence;
  }

  get length(): number {
    return this.nextSequence - this.firstSequence;
  }

  /** How many entries were dropped to make room. Cleared ones do not count. */
  get dropped(): number {
    return this.firstSequence - this.cleared;
  }

  get(sequence: number): LogEntry | undefined {
    return sequence >= this.firstSequence && sequence < this.nextSequence
      ? this.ring[sequence % this.capacity]
      : undefined;
  }

  add(entry: LogEntry): void {
    if (this.length === this.capacity) {
      this.dropFirst();
    }
    this.ring[this.nextSequence % this.capacity] = entry;
    this.nextSequence += 1;
    this.bytes += bytesOf(entry);
    while (this.bytes > this.byteCapacity && this.length > 1) {
      this.dropFirst();
    }
  }

  clear(): void {
    this.cleared += this.length;
    this.firstSequence = this.nextSequence;
    this.ring = [];
    this.bytes = 0;
  }

  *[Symbol.iterator](): IterableIterator<LogEntry> {
    for (let sequence = this.firstSequence; sequence < this.nextSequence; sequence += 1) {
      const entry = this.get(sequence);
      if (entry) {
        yield entry;
      }
    }
  }

  private dropFirst(): void {
    const index = this.firstSequence % this.capacity;
    const entry = this.ring[index];
    this.ring[index] = undefined;
    this.bytes -= entry ? bytesOf(entry) : 0;
    this.firstSequence += 1;
  }
}

function bytesOf(entry: LogEntry): number {
  return entry.kind === 'message' ? entry.size : entry.text.length;
}
