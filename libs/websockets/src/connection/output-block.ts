/** It holds what one read of 64 KiB may produce, and more. */
const BLOCK_BYTES = 128 * 1024;
/** As many outputs wait for the end of a round. With more, what their sockets need leaves the processor's cache meanwhile. */
const MOST_WAITING = 16;

/** An output that the block holds frames of. */
export interface BlockOutput {
  /** Writes the frames, and releases the block. */
  flush(): void;
}

/**
 * The block of memory that frames are collected in. One serves all connections: the frames of each lie together, behind
 * those of the connection before.
 *
 * It is used again as long as the kernel takes each write at once. If the kernel does not, the socket keeps the block
 * until it does, and a new one is made.
 */
export class OutputBlock {
  readonly size = BLOCK_BYTES;
  bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** The same memory, as words. */
  words = new Int32Array(this.bytes.buffer);
  /** Where the next frame goes. */
  filled = 0;
  /** Whose frames come last, so that more can follow them. */
  latest: BlockOutput | undefined;

  /** The outputs before that one. Some may be flushed already. */
  private earlier: BlockOutput[] = [];
  /** How many outputs are not flushed yet. */
  private waiting = 0;
  /** Whether a socket keeps a part of it. */
  private isKept = false;
  private isFlushScheduled = false;

  /** Lets the next frames belong to `output`, which has none here. */
  take(output: BlockOutput): void {
    if (this.latest !== undefined) {
      this.earlier.push(this.latest);
    }
    this.latest = output;
    this.waiting++;
  }

  /**
   * Moves to a place where the words of the block coincide with those of a payload at `position`. What an echo sends has
   * exactly the four bytes of the masking key less than what it received, frame by frame: when the words of the first
   * frame coincide, those of all frames of the read do, and are copied as words.
   */
  alignWith(position: number): void {
    this.filled += (position - this.filled) & 3;
  }

  /** Takes note that `output` is written. @param isKept whether its socket has not sent what it was given yet */
  release(output: BlockOutput, isKept: boolean): void {
    if (this.latest === output) {
      this.latest = undefined;
    }
    this.isKept ||= isKept;
    if (--this.waiting === 0) {
      this.clear();
    }
  }

  /** Writes all that it holds. */
  flush(): void {
    for (const output of this.earlier) {
      output.flush();
    }
    this.latest?.flush();
  }

  /**
   * Has all that it holds written once this turn's work is done, or with `afterRound` once all sockets were read or 16 outputs
   * wait.
   */
  flushSoon(afterRound: boolean): void {
    if (afterRound && this.waiting >= MOST_WAITING) {
      this.flush();
    } else if (!this.isFlushScheduled) {
      this.isFlushScheduled = true;
      if (afterRound) {
        setImmediate(this.onFlushTime);
      } else {
        process.nextTick(this.onFlushTime);
      }
    }
  }

  private readonly onFlushTime = (): void => {
    this.isFlushScheduled = false;
    this.flush();
  };

  private clear(): void {
    if (this.isKept) {
      this.isKept = false;
      this.bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.words = new Int32Array(this.bytes.buffer);
    }
    this.filled = 0;
    if (this.earlier.length > 0) {
      this.earlier = [];
    }
  }
}
