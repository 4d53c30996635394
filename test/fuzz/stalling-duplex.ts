import { Duplex } from 'node:stream';

/** Tells what happens next: a whole number below `count`. */
export type Choose = (count: number) => number;

/** Chooses the same again for the same seed. */
export function choices(seed: number): Choose {
  let state = seed;
  return (count) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
}

/**
 * The server's end of a connection whose other end is a test: a socket that takes what it is given at once or much
 * later, and reads what it is sent in pieces, as the operating system pleases.
 */
export class StallingDuplex extends Duplex {
  private readonly taken: Buffer[] = [];
  private stalled: { chunks: readonly Buffer[]; done: () => void } | undefined;
  private unread: Buffer;
  private hasEnded = false;
  private isFinished = false;
  /** The most that waited to be sent at any time, in bytes. */
  mostBuffered = 0;
  /** The most that was read and not taken at any time, in bytes. */
  mostUnread = 0;

  /**
   * @param incoming all that the peer sends
   * @param lingers whether the peer ends its half only after the server, as RFC 6455 section 7.1.1 wants it
   * @param choose what happens next
   */
  constructor(
    incoming: Buffer,
    private readonly lingers: boolean,
    private readonly choose: Choose,
    private readonly largestRead: number,
    highWaterMark: number,
  ) {
    super({ highWaterMark, allowHalfOpen: true });
    this.unread = Buffer.from(incoming);
  }

  /** What the peer has been sent. */
  get sent(): Buffer {
    return Buffer.concat(this.taken);
  }

  /** Lets one thing happen, or nothing. */
  step(): void {
    this.mostBuffered = Math.max(this.mostBuffered, this.writableLength);
    switch (this.choose(3)) {
      case 0:
        this.arrive();
        break;
      case 1:
        this.takeWrites();
        break;
      default:
        break;
    }
  }

  override _read(): void {
    // Bytes arrive when they do.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.hold([chunk], done);
  }

  override _writev(writes: readonly { chunk: Buffer }[], done: () => void): void {
    this.hold(
      writes.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.isFinished = true;
    done();
  }

  /** As a socket does, it reads on while its buffer has room, paused or not, and sees the end of a paused stream. */
  private arrive(): void {
    if (this.destroyed || this.hasEnded || this.readableLength >= this.readableHighWaterMark) {
      return;
    }
    if (this.unread.length === 0) {
      if (this.isFinished || !this.lingers) {
        this.hasEnded = true;
        this.push(null);
        this.read(0);
      }
      return;
    }
    const length = 1 + this.choose(Math.min(this.unread.length, this.largestRead));
    // A copy, because who reads it may change it.
    this.push(Buffer.from(this.unread.subarray(0, length)));
    this.unread = this.unread.subarray(length);
    this.mostUnread = Math.max(this.mostUnread, this.readableLength);
  }

  private hold(chunks: readonly Buffer[], done: () => void): void {
    this.stalled = { chunks, done };
    if (this.choose(2) === 0) {
      this.takeWrites();
    }
  }

  /** Only now are the bytes looked at: until then they must stay what they are. */
  private takeWrites(): void {
    const { stalled } = this;
    if (stalled !== undefined) {
      this.stalled = undefined;
      this.taken.push(...stalled.chunks.map((chunk) => Buffer.from(chunk)));
      stalled.done();
    }
  }
}
