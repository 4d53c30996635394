import { Duplex } from 'node:stream';

/** What a write is answered with. */
export type Written = (error?: Error | null) => void;

/** A stream in front of another one, which it is to the reader and the writer: data, both ends, errors, back-pressure. */
export abstract class RelayedSocket extends Duplex {
  private inner?: Duplex;

  /** Begins to relay. */
  protected relay(inner: Duplex): void {
    this.inner = inner;
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) {
        inner.pause();
      }
    });
    inner.once('end', () => this.push(null));
    inner.once('error', (error) => this.destroy(error));
    inner.once('close', () => {
      // What has ended is read to its end; what broke off has no end.
      if (!inner.readableEnded) {
        this.destroy();
      }
    });
  }

  /** Passes on what was written. */
  protected forward(chunk: Buffer, written: Written): void {
    this.inner?.write(chunk, written);
  }

  /** Lets go of what is below, without a further word. */
  protected release(): void {
    this.inner?.destroy();
  }

  override _read(): void {
    this.inner?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: Written): void {
    this.forward(chunk, written);
  }

  override _final(written: Written): void {
    if (this.inner) {
      this.inner.end(written);
    } else {
      written();
    }
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.release();
    destroyed(error);
  }
}
