import { Duplex } from 'node:stream';

/** One end of a connection in memory. A write is done once the other end has room for it, so backpressure works. */
export class MemorySocket extends Duplex {
  private other: MemorySocket | undefined;
  private resumeWriter: (() => void) | undefined;

  /** Connects two ends. */
  static join(one: MemorySocket, other: MemorySocket): void {
    one.other = other;
    other.other = one;
  }

  override _read(): void {
    this.acceptWrite();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.deliver(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.deliver(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.acceptWrite();
    done(error);
    // After an orderly end the other end may still read what was sent before it.
    if (!this.writableFinished || !this.readableEnded) {
      setImmediate(() => this.other?.destroy());
    }
  }

  /** Hands the bytes of one write to the other end. */
  protected deliver(bytes: Buffer, done: () => void): void {
    const { other } = this;
    // A copy, as a network makes one: the sender may use its buffer again. A destroyed end discards it.
    if (other === undefined || other.destroyed || other.push(Buffer.from(bytes))) {
      done();
    } else {
      other.resumeWriter = done;
    }
  }

  /** Completes the write of the other end that waits for room. */
  private acceptWrite(): void {
    const { resumeWriter } = this;
    this.resumeWriter = undefined;
    resumeWriter?.();
  }
}
