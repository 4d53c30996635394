/** A round is busy from this many reads on. */
const MANY_READS = 16;
/** How many reads pass between two looks at a round, while rounds are not busy. */
const LOOK_EVERY = 1024;

/**
 * Tells whether each round of the event loop reads many sockets. To watch each round would cost a server with few sockets
 * 3 % of its CPU, so only some are watched until one is busy.
 */
export class ReadRounds {
  /** Whether the latest round that was watched was busy. */
  areBusy = false;
  private reads = 0;
  private isWatching = false;

  /** Takes note of a read. */
  count(): void {
    this.reads++;
    if (!this.isWatching && (this.areBusy || this.reads >= LOOK_EVERY)) {
      this.isWatching = true;
      setImmediate(this.onRoundStart);
    }
  }

  private readonly onRoundStart = (): void => {
    this.reads = 0;
    setImmediate(this.onRoundEnd);
  };

  private readonly onRoundEnd = (): void => {
    this.areBusy = this.reads >= MANY_READS;
    this.reads = 0;
    this.isWatching = false;
  };
}
