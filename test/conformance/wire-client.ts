import { setImmediate } from 'node:timers/promises';
import type { Duplex } from 'node:stream';

/**
 * A client that knows nothing of WebSockets once it is connected: it sends the bytes that it is told to, right or wrong,
 * and keeps what comes.
 */
export class WireClient {
  /** What the handshake agreed on: `Sec-WebSocket-Extensions` of its answer, if that had one. */
  extensions: string | undefined;

  private readonly chunks: Buffer[] = [];
  private available = 0;
  private hasEnded = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private taker: ((bytes: Buffer) => void) | undefined;

  constructor(readonly stream: Duplex) {
    stream.on('data', (bytes: Buffer) => this.keep(bytes));
    stream.on('end', () => {
      this.hasEnded = true;
      this.wake?.();
    });
    stream.on('error', (error) => (this.failure = error));
    stream.on('close', () => {
      this.failure ??= new Error('The server cut the connection.');
      this.wake?.();
    });
  }

  /** Resolves when the operating system has taken the bytes, or never will. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.stream.write(bytes, () => resolve());
    });
  }

  /** Sends the bytes in pieces, with a turn of the event loop between, so that the server reads them one by one. */
  async sendInPieces(bytes: Uint8Array, size: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      await this.send(bytes.subarray(at, at + size));
      await setImmediate();
    }
  }

  /** Ends this half of the connection; the other goes on. */
  end(): void {
    this.stream.end();
  }

  /** The next `count` bytes. Fails when the connection ends before. */
  async receive(count: number): Promise<Buffer> {
    while (this.available < count) {
      if (this.hasEnded || this.failure !== undefined) {
        const received = this.take(this.available).toString('hex');
        throw new Error(`Of ${count} bytes only these came: ${received}`, { cause: this.failure });
      }
      await this.untilNews();
    }
    return this.take(count);
  }

  /** All up to `end` and with it. Fails when the connection ends before. */
  async receiveThrough(end: string): Promise<Buffer> {
    let bytes = Buffer.alloc(0);
    while (!bytes.includes(end)) {
      bytes = Buffer.concat([bytes, await this.receive(1)]);
    }
    return bytes;
  }

  /** All that still comes until the server ends its half. Fails when it cuts the connection instead. */
  async receiveRest(): Promise<Buffer> {
    while (!this.hasEnded) {
      if (this.failure !== undefined) {
        const received = this.take(this.available).toString('hex');
        throw new Error(`The connection was cut, not ended, after these bytes: ${received}`, { cause: this.failure });
      }
      await this.untilNews();
    }
    return this.take(this.available);
  }

  /** Hands what comes from now on to `taker` instead of keeping it. */
  handTo(taker: (bytes: Buffer) => void): void {
    this.taker = taker;
  }

  destroy(): void {
    this.stream.destroy();
  }

  private keep(bytes: Buffer): void {
    if (this.taker !== undefined) {
      this.taker(bytes);
      return;
    }
    this.chunks.push(bytes);
    this.available += bytes.length;
    this.wake?.();
  }

  private async untilNews(): Promise<void> {
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = undefined;
  }

  private take(count: number): Buffer {
    const bytes = Buffer.concat(this.chunks);
    this.chunks.length = 0;
    this.available = bytes.length - count;
    if (this.available > 0) {
      this.chunks.push(bytes.subarray(count));
    }
    return bytes.subarray(0, count);
  }
}
