/** The server sent something that is not a valid frame, or not the expected echo. */
export class EchoError extends Error {
  override readonly name = 'EchoError';
}

/** @throws EchoError if `condition` is false; `fault` completes the sentence "The server sent …" */
export function check(condition: boolean, fault: string): asserts condition {
  if (!condition) {
    throw new EchoError(`The server sent ${fault}.`);
  }
}

/** The opcodes of RFC 6455, section 5.2. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  /** Gives the masking key. A frame without one is a server's frame. */
  readonly maskingKey?: () => number;
  readonly isFinal?: boolean;
  readonly isCompressed?: boolean;
}

/** Builds one frame (RFC 6455, section 5.2). */
export function buildFrame(
  opcode: number,
  payload: Buffer,
  { maskingKey, isFinal = true, isCompressed = false }: FrameOptions = {},
): Buffer {
  const extendedLength = payload.length < 126 ? 0 : payload.length < 65536 ? 2 : 8;
  const headerLength = 2 + extendedLength + (maskingKey ? 4 : 0);
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  frame[0] = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode;
  frame[1] = maskingKey ? 0x80 : 0;
  if (extendedLength === 0) {
    frame[1] |= payload.length;
  } else if (extendedLength === 2) {
    frame[1] |= 126;
    frame.writeUInt16BE(payload.length, 2);
  } else {
    frame[1] |= 127;
    frame.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  payload.copy(frame, headerLength);
  if (maskingKey) {
    frame.writeUInt32BE(maskingKey(), headerLength - 4);
    for (let i = 0; i < payload.length; i++) {
      frame[headerLength + i] ^= frame[headerLength - 4 + (i & 3)];
    }
  }
  return frame;
}

export interface FrameHeader {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  /** Length of the payload in bytes. */
  readonly length: number;
}

/** Receives frames as their bytes arrive. */
export interface FrameReceiver {
  beginFrame(header: FrameHeader): void;
  /** Receives a piece of the current frame's payload: `bytes` from `start` to `end`, valid during the call only. */
  takePayload(bytes: Buffer, start: number, end: number): void;
  endFrame(): void;
}

/** Splits a server's bytes into frames and checks the frame headers. */
export class FrameReader {
  /** Whether a frame has begun and has not ended. */
  isWithinFrame = false;
  private readonly header = Buffer.alloc(10);
  private headerLength = 0;
  private remaining = 0;

  constructor(private readonly receiver: FrameReceiver) {}

  /**
   * Reads up to the end of a frame, or up to `end`.
   *
   * @returns the position after the last byte that was read
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
