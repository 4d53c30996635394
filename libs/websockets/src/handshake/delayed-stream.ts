import { Duplex } from 'node:stream';

/**
 * A stream that stands for another one before it may be used: what is written waits until then, and nothing is read.
 * Destroying one of the two destroys the other from then on.
 */
export class DelayedStream extends Duplex {
  private target: Duplex | undefined;
  private whenOpen: (() => void)[] = [];

  constructor() {
    super({ allowHalfOpen: true, decodeStrings: true });
  }

  /** From here on this stream is the other one. */
  open(target: Duplex): void {
    this.target = target;
    if (this.destroyed) {
      target.destroy();
      return;
    }
    target.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) {
        target.pause();
      }
    });
    target.on('end', () => this.push(null));
    target.on('error', (error) => this.destroy(error));
    target.on('close', () => this.destroy());
    this.whenOpen.forEach((act) => act());
    this.whenOpen = [];
  }

  override _read(): void {
    this.target?.resume();
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.onceOpen((target) => target.write(bytes, done));
  }

  /** All in one write, as the stream beneath would have got it. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.onceOpen((target) => {
      target.cork();
      chunks.forEach(({ chunk }, i) => target.write(chunk, i === chunks.length - 1 ? done : undefined));
      target.uncork();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.onceOpen((target) => target.end(done));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.target?.destroy();
    done(error);
  }

  private onceOpen(act: (target: Duplex) => void): void {
    const { target } = this;
    if (target === undefined) {
      this.whenOpen.push(() => this.onceOpen(act));
    } else {
      act(target);
    }
  }
}
