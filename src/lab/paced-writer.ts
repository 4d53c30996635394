import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

/** How often a second a writer with a rate writes, where the rate has enough bytes for it. */
const WRITES_PER_SECOND = 20;

/** The largest piece that is handed to the stream at once, in bytes. */
const PIECE = 64 * 1024;

/** More than a peer of the lab may write. */
export class ByteLimitError extends Error {
  override readonly name = 'ByteLimitError';
}

/**
 * Writes jobs of bytes one after the other, as fast as the other end takes them or at a rate. The bytes of one job stay
 * together: a ping never gets into the payload of a frame.
 */
export class PacedWriter {
  private last: Promise<unknown> = Promise.resolve();
  private held: Buffer[] = [];
  private stopped = false;
  private bytesWritten = 0;

  /**
   * @param signal ends every wait
   * @param limit how many bytes may be written
   */
  constructor(
    private readonly stream: Duplex,
    private readonly signal: AbortSignal,
    private readonly limit = Infinity,
  ) {}

  /**
   * Writes a job when those before it are done.
   *
   * @param rate in bytes a second; undefined for no limit
   * @returns resolves when the stream has taken it; rejects when the connection has ended, with `ByteLimitError` too
   */
  write(job: Iterable<Uint8Array>, rate?: number): Promise<void> {
    const done = this.last.then(() => this.writeNow(job, rate));
    this.last = done.catch(() => {});
    return done;
  }

  /** The next job begins with these bytes, in the same write. */
  hold(bytes: Buffer): void {
    this.held.push(bytes);
  }

  /** Writes what is held, where no job came. */
  flush(): Promise<void> {
    return this.write([]);
  }

  /** From here on nothing is written: jobs wait for ever. */
  stop(): void {
    this.stopped = true;
  }

  private async writeNow(job: Iterable<Uint8Array>, rate: number | undefined): Promise<void> {
    for (const chunk of job) {
      await this.writeChunk(chunk, rate);
    }
    if (this.held.length > 0) {
      await this.writeChunk(Buffer.alloc(0), rate);
    }
  }

  private async writeChunk(chunk: Uint8Array, rate: number | undefined): Promise<void> {
    const bytes = this.held.length > 0 ? Buffer.concat([...this.held, chunk]) : chunk;
    this.held = [];
    const size = rate === undefined ? PIECE : Math.max(1, Math.min(PIECE, Math.floor(rate / WRITES_PER_SECOND)));
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      await this.writePiece(piece);
      if (rate !== undefined) {
        await wait((piece.length / rate) * 1000, undefined, { signal: this.signal });
      }
    }
  }

  private async writePiece(piece: Uint8Array): Promise<void> {
    this.signal.throwIfAborted();
    if (this.stopped) {
      await aborted(this.signal);
    }
    this.bytesWritten += piece.length;
    if (this.bytesWritten > this.limit) {
      throw new ByteLimitError(`More than ${this.limit} bytes would be written.`);
    }
    await new Promise<void>((resolve, reject) => {
      const end = (): void => reject(this.signal.reason as Error);
      this.signal.addEventListener('abort', end, { once: true });
      this.stream.write(piece, (error) => {
        this.signal.removeEventListener('abort', end);
        if (error) {
          reject(error);
        } else {
          resolve();
        }
      });
    });
  }
}

/** Rejects when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      end();
    } else {
      signal.addEventListener('abort', end, { once: true });
    }
  });
}
