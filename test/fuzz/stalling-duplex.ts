import { Duplex } from 'node:stream';

/** Chooses the next event: a whole number below `count`. */
export type Choose = (count: number) => number;

/** Repeats the same choices for the same seed. */
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
 * The server's end of a connection whose other end is a test: a socket that writes its data at once or much later, and
 * reads in chunks of any size, as an operating system does.
 */
export class StallingDuplex extends Duplex {
  private readonly taken: Buffer[] = [];
  private stalled: { chunks: readonly Buffer[]; done: () => void } | undefined;
  private unread: Buffer;
  private hasEnded = false;
  private isFinished = false;
  /** The largest number of bytes that waited for a write. */
  mostBuffered = 0;
  /** The largest number of received bytes that waited for the server. */
  mostUnread = 0;

  /**
   * @param incoming all bytes that the peer sends
   * @param lingers whether the peer ends its half only after the server, as RFC 6455 section 7.1.1 requires
   * @param choose chooses the next event
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

  /** The bytes that the peer has received. */
  get sent(): Buffer {
    return Buffer.concat(this.taken);
  }

  /** Lets one event happen, or none. */
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
    // The arrival does not depend on the reader.
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

  /** Reads while its buffer has room, paused or not, and sees the end of a paused stream, as a socket does. */
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
    // A copy, because the reader may change the bytes.
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

  /** Looks at the bytes only now: until then they must not change. */
  private takeWrites(): void {
    const { stalled } = this;
    if (stalled !== undefined) {
      this.stalled = undefined;
      this.taken.push(...stalled.chunks.map((chunk) => Buffer.from(chunk)));
      stalled.done();
    }
  }
}
