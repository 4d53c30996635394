import type { Duplex } from 'node:stream';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';

/** The writes per second of a writer with a rate, if the rate has a byte for each. */
const WRITES_PER_SECOND = 20;

/** The largest piece of one write, in bytes. */
const PIECE = 64 * 1024;

/** The write would exceed the limit of the peer. */
export class ByteLimitError extends Error {
  override readonly name = 'ByteLimitError';
}

/** The limit of a writer. */
export interface WriteLimit {
  readonly bytes: number;
  /** Called before a write that would exceed `bytes` is rejected. */
  readonly onExceeded: () => void;
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
   * @param limit default: no limit
   */
  constructor(
    private readonly stream: Duplex,
    private readonly signal: AbortSignal,
    private readonly limit?: WriteLimit,
  ) {}

  /**
   * Writes a job after those before it.
   *
   * @param rate in bytes a second; undefined for no limit
   * @returns resolves when the stream has taken the bytes
   * @throws ByteLimitError
   * @throws the reason of the signal, or the error of the stream, when the connection has ended
   */
  write(job: Iterable<Uint8Array>, rate?: number): Promise<void> {
    const done = this.last.then(() => this.writeNow(job, rate));
    this.last = done.catch(() => {});
    return done;
  }

  /** Puts these bytes at the start of the next job, in the same write. */
  hold(bytes: Buffer): void {
    this.held.push(bytes);
  }

  /** Writes the held bytes, if no job follows. */
  flush(): Promise<void> {
    return this.write([]);
  }

  /** Writes nothing from now on: jobs wait until the connection ends. */
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
      if (rate === undefined) {
        // A socket that takes everything at once calls back without a turn of the event loop: a million small messages
        // would hold up every other connection of the process.
        await setImmediate();
      } else {
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
    if (this.limit !== undefined && this.bytesWritten > this.limit.bytes) {
      this.limit.onExceeded();
      throw new ByteLimitError(`A connection is sent at most ${this.limit.bytes} bytes.`);
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
