/** What a server sent is no frame, or not the echo of what it was sent. */
export class EchoError extends Error {
  override readonly name = 'EchoError';
}

export function check(condition: boolean, fault: string): asserts condition {
  if (!condition) {
    throw new EchoError(`The server sent ${fault}.`);
  }
}

export interface FrameHeader {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  /** Of the payload, in bytes. */
  readonly length: number;
}

/** Is told of frames as they arrive. */
export interface FrameReceiver {
  beginFrame(header: FrameHeader): void;
  /** A piece of the payload of the frame that has begun. */
  takePayload(bytes: Buffer, start: number, end: number): void;
  endFrame(): void;
}

/** Cuts what a server sends into frames, and checks their headers. */
export class FrameReader {
  /** Whether a frame has begun and not ended. */
  isWithinFrame = false;
  private readonly header = Buffer.alloc(10);
  private headerLength = 0;
  private remaining = 0;

  constructor(private readonly receiver: FrameReceiver) {}

  /**
   * Reads up to the end of a frame, or to `end`.
   *
   * @returns where it has read to
   * @throws EchoError
   */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    this.isWithinFrame = true;
    if (this.remaining === 0) {
      while (this.headerLength < this.wantedHeaderLength()) {
        if (at === end) {
          return at;
        }
        this.header[this.headerLength++] = bytes[at++];
      }
      this.beginFrame();
    }
    const length = Math.min(this.remaining, end - at);
    this.receiver.takePayload(bytes, at, at + length);
    this.remaining -= length;
    if (this.remaining === 0) {
      this.isWithinFrame = false;
      this.receiver.endFrame();
    }
    return at + length;
  }

  private wantedHeaderLength(): number {
    if (this.headerLength < 2) {
      return 2;
    }
    const length = this.header[1] & 0x7f;
    return length < 126 ? 2 : length === 126 ? 4 : 10;
  }

  private beginFrame(): void {
    const [first, second] = this.header;
    const length = this.payloadLength();
    this.headerLength = 0;
    this.remaining = length;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const isCompressed = (first & 0x40) !== 0;
    check((first & 0x30) === 0, 'a frame with a reserved bit');
    check((second & 0x80) === 0, 'a masked frame');
    check(opcode < 8 || (isFinal && !isCompressed && length < 126), 'a malformed control frame');
    this.receiver.beginFrame({ opcode, isFinal, isCompressed, length });
  }

  private payloadLength(): number {
    if (this.headerLength === 2) {
      return this.header[1];
    }
    const [length, least] =
      this.headerLength === 4 ? [this.header.readUInt16BE(2), 126] : [Number(this.header.readBigUInt64BE(2)), 65536];
    check(length >= least, 'a length in more bytes than it needs');
    return length;
  }
}
