/** The head of a frame (RFC 6455 section 5.2). */
export interface FrameHead {
  readonly fin: boolean;
  /** Bits RSV1, RSV2 and RSV3; RSV1 is set on the first frame of a compressed message (RFC 7692 section 6). */
  readonly rsv: readonly [boolean, boolean, boolean];
  readonly opcode: number;
  readonly masked: boolean;
  /** Bytes of the payload. */
  readonly length: number;
}

/** Finds the frames in the bytes of one direction of a connection, however they are cut. It does not judge them. */
export class FrameReader {
  private head = Buffer.alloc(0);
  /** What is left of the payload of the frame before. */
  private skip = 0;

  /** @param onFrame is called as soon as the head of a frame is there */
  constructor(private readonly onFrame: (frame: FrameHead) => void) {}

  read(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, rest.length);
        this.skip -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const before = this.head.length;
      this.head = Buffer.concat([this.head, rest.subarray(0, LONGEST_HEAD - before)]);
      const length = headLength(this.head);
      if (this.head.length < length) {
        return;
      }
      rest = rest.subarray(length - before);
      const frame = parseHead(this.head);
      this.skip = frame.length;
      this.head = Buffer.alloc(0);
      this.onFrame(frame);
    }
  }
}

/** Two bytes, the longest length, a mask. */
const LONGEST_HEAD = 2 + 8 + 4;

/** How long the head is that begins with these bytes; at least 2. */
function headLength(bytes: Buffer): number {
  const second = bytes[1] ?? 0;
  const marker = second & 0x7f;
  return 2 + (marker === 127 ? 8 : marker === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0);
}

function parseHead(bytes: Buffer): FrameHead {
  const [first = 0, second = 0] = bytes;
  const marker = second & 0x7f;
  return {
    fin: (first & 0x80) !== 0,
    rsv: [(first & 0x40) !== 0, (first & 0x20) !== 0, (first & 0x10) !== 0],
    opcode: first & 0x0f,
    masked: (second & 0x80) !== 0,
    length: marker === 127 ? Number(bytes.readBigUInt64BE(2)) : marker === 126 ? bytes.readUInt16BE(2) : marker,
  };
}
