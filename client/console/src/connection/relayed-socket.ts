import { Duplex } from 'node:stream';

/** The callback of a write. */
export type Written = (error?: Error | null) => void;

/** A stream in front of another stream. It relays data, both ends, errors and backpressure. */
export abstract class RelayedSocket extends Duplex {
  private inner?: Duplex;

  /** Starts to relay. */
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
      // After an end the rest is still read. Without an end the connection broke off.
      if (!inner.readableEnded) {
        this.destroy();
      }
    });
  }

  /** Passes written bytes on. */
  protected forward(chunk: Buffer, written: Written): void {
    this.inner?.write(chunk, written);
  }

  /** Destroys the stream below. */
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
