import type { ReceivedFrame } from './frame.js';

/** The payload of a frame is larger than the reader accepts. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';

  constructor(length: number, largest: number) {
    super(`The frame has ${length} bytes; the lab takes at most ${largest}.`);
  }
}

/** Splits the bytes of a client into frames, whether or not they follow the protocol. */
export class FrameReader {
  /** One buffer that grows: many small chunks would cost more memory than their bytes. */
  private buffer = Buffer.alloc(0);
  private size = 0;

  /** @param largest the largest payload, in bytes */
  constructor(private readonly largest: number) {}

  /**
   * Takes bytes, and returns the frames that they complete.
   *
   * @throws FrameTooLargeError
   */
  push(bytes: Buffer): ReceivedFrame[] {
    this.append(bytes);
    const frames: ReceivedFrame[] = [];
    let at = 0;
    for (;;) {
      const found = this.frameAt(at);
      if (found === undefined) {
        break;
      }
      frames.push(found.frame);
      at = found.end;
    }
    if (at > 0) {
      this.buffer = Buffer.from(this.buffer.subarray(at, this.size));
      this.size = this.buffer.length;
    }
    return frames;
  }

  private append(bytes: Buffer): void {
    const size = this.size + bytes.length;
    if (size > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.buffer.length));
      this.buffer.copy(larger, 0, 0, this.size);
      this.buffer = larger;
    }
    bytes.copy(this.buffer, this.size);
    this.size = size;
  }

  /** The frame that starts at a position; undefined while a part of it is missing. */
  private frameAt(at: number): { frame: ReceivedFrame; end: number } | undefined {
    const { size } = this;
    const bytes = this.buffer.subarray(at, size);
    if (bytes.length < 2) {
      return undefined;
    }
    const [first, second] = bytes;
    const shortLength = second & 0x7f;
    const lengthBytes = shortLength === 126 ? 3 : shortLength === 127 ? 9 : 1;
    const masked = (second & 0x80) !== 0;
    const start = 1 + lengthBytes + (masked ? 4 : 0);
    if (bytes.length < start) {
      return undefined;
    }
    const length =
      lengthBytes === 1 ? shortLength : lengthBytes === 3 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (length > this.largest) {
      throw new FrameTooLargeError(length, this.largest);
    }
    if (bytes.length < start + length) {
      return undefined;
    }
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (masked) {
      const mask = bytes.subarray(start - 4, start);
      for (let i = 0; i < length; i++) {
        payload[i] ^= mask[i & 3];
      }
    }
    const frame = { opcode: first & 0x0f, fin: (first & 0x80) !== 0, reserved: (first >> 4) & 7, masked, payload };
    return { frame, end: at + start + length };
  }
}
