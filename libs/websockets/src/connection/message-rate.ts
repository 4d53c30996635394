/** A bucket of messages that fills at a steady rate and holds what may come in one second. */
export class MessageRate {
  private left: number;
  private filledAt = performance.now();

  /** @param perSecond how many messages a second may come; 1 or more */
  constructor(private readonly perSecond: number) {
    this.left = perSecond;
  }

  /** Takes one message. @returns how long to wait before the next one, in ms; 0 for no time */
  take(): number {
    const now = performance.now();
    this.left = Math.min(this.perSecond, this.left + ((now - this.filledAt) / 1000) * this.perSecond) - 1;
    this.filledAt = now;
    return this.left >= 0 ? 0 : (-this.left / this.perSecond) * 1000;
  }
}
