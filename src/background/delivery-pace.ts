/** These take some fifteen milliseconds, and the writes after them. */
const DELIVERIES_PER_ROUND = 50_000;

/**
 * Shares the rounds of the event loop between all senders. One read of a socket may bring thousands of short messages, each
 * for thousands of members, and everything else would wait until the last is delivered.
 */
export class DeliveryPace {
  private deliveries = 0;
  private round: Promise<void> | undefined;
  private endRound: (() => void) | undefined;

  /** Whether this round has delivered enough. The sender then waits for `nextRound`. */
  get isSpent(): boolean {
    return this.deliveries >= DELIVERIES_PER_ROUND;
  }

  get nextRound(): Promise<void> {
    return (this.round ??= new Promise((resolve) => (this.endRound = resolve)));
  }

  /** Counts deliveries in this round. */
  spend(deliveries: number): void {
    if (this.deliveries === 0) {
      setImmediate(() => this.startRound());
    }
    this.deliveries += deliveries;
  }

  private startRound(): void {
    this.deliveries = 0;
    this.round = undefined;
    this.endRound?.();
  }
}
