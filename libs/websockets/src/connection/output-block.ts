/** It holds what one read of 64 KiB may produce, and more. */
const BLOCK_BYTES = 128 * 1024;

/** An output whose frames the block holds, or that has frames to write at the end of the round. */
export interface BlockOwner {
  flush(): void;
}

/**
 * The block of memory that frames are collected in. One serves all connections: it belongs to one of them at a time, and
 * is written when another one wants it.
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
  /** Whose frames it holds. */
  owner: BlockOwner | undefined;

  /** How much of it the socket of the owner was given. */
  private handedOver = 0;
  /** Whether a socket was given a part of the block itself, and not a copy. */
  private isLent = false;
  private isFlushScheduled = false;
  /** The outputs to flush once this round of the event loop is done. */
  private waiting: BlockOwner[] = [];

  /** How many bytes it holds that no socket was given yet. */
  get length(): number {
    return this.filled - this.handedOver;
  }

  /** Makes it belong to `owner`; what it holds for another one is written. */
  take(owner: BlockOwner): void {
    if (this.owner !== owner) {
      this.owner?.flush();
      this.owner = owner;
    }
  }

  /**
   * Lets an empty block begin where its words coincide with those of the payload that is copied first. What an echo sends
   * has exactly the four bytes of the masking key less than what it received, frame by frame: when the words of the first
   * frame coincide, those of all frames of the read do, and are copied as words.
   */
  alignWith(position: number): void {
    this.filled = position & 3;
    this.handedOver = this.filled;
  }

  /**
   * The bytes that the socket of the owner has to be given; undefined when there are none.
   *
   * @param isCopy whether to copy them, so that a busy socket keeps no more than they take
   */
  handOver(isCopy: boolean): Buffer | undefined {
    if (this.filled === this.handedOver) {
      return undefined;
    }
    const bytes = this.bytes.subarray(this.handedOver, this.filled);
    this.handedOver = this.filled;
    if (isCopy) {
      return Buffer.from(bytes);
    }
    this.isLent = true;
    return bytes;
  }

  /** Empties it. @param isKept whether the socket has not sent what it was given yet */
  reset(isKept: boolean): void {
    if (isKept && this.isLent) {
      this.bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.words = new Int32Array(this.bytes.buffer);
    }
    this.filled = 0;
    this.handedOver = 0;
    this.isLent = false;
  }

  /** Has what it holds written once this turn's work is done. */
  flushSoon(): void {
    if (!this.isFlushScheduled) {
      this.isFlushScheduled = true;
      process.nextTick(() => {
        this.isFlushScheduled = false;
        this.owner?.flush();
      });
    }
  }

  /** Flushes `output` at the end of this round of the event loop. */
  flushAfterRound(output: BlockOwner): void {
    if (this.waiting.push(output) === 1) {
      setImmediate(() => {
        const outputs = this.waiting;
        this.waiting = [];
        outputs.forEach((waiting) => waiting.flush());
      });
    }
  }
}
