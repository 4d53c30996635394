import type { Latencies } from './latencies.js';

/**
 * When the messages of a connection that are under way were sent. They come back in order, and those that were sent
 * together are one entry.
 */
export class SendTimes {
  private readonly times: Float64Array;
  private readonly messages: Uint32Array;
  private first = 0;
  private last = 0;

  /** @param capacity the most messages that are under way at a time */
  constructor(private readonly capacity: number) {
    this.times = new Float64Array(capacity);
    this.messages = new Uint32Array(capacity);
  }

  add(messages: number, time: number): void {
    this.times[this.last] = time;
    this.messages[this.last] = messages;
    this.last = (this.last + 1) % this.capacity;
  }

  /** Takes out the messages that were sent first, and adds what they took to `latencies`. */
  take(messages: number, now: number, latencies: Pick<Latencies, 'add'>): void {
    for (let left = messages; left > 0;) {
      const batch = Math.min(left, this.messages[this.first]);
      latencies.add(now - this.times[this.first], batch);
      left -= batch;
      this.messages[this.first] -= batch;
      if (this.messages[this.first] === 0) {
        this.first = (this.first + 1) % this.capacity;
      }
    }
  }
}
