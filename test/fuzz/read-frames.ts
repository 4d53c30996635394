/** A frame of a client, complete or not. */
export interface ReadFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly reserved: number;
  readonly isMasked: boolean;
  /** The payload so far, unmasked. */
  readonly payload: Buffer;
  /** The offsets of its beginning and its end, whether or not that has arrived. */
  readonly start: number;
  readonly end: number;
  /** Whether it is complete. */
  readonly isWhole: boolean;
}

/** Reads frames without validation. The last frame may be truncated; a truncated header is omitted. */
export function readFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = [];
  let start = 0;
  while (start + 2 <= bytes.length) {
    const [first, second] = bytes.subarray(start);
    const short = second & 0x7f;
    const isMasked = second >= 0x80;
    const keyAt = start + (short === 126 ? 4 : short === 127 ? 10 : 2);
    const payloadAt = keyAt + (isMasked ? 4 : 0);
    if (payloadAt > bytes.length) {
      break;
    }
    const length =
      short === 126 ? bytes.readUInt16BE(start + 2) : short === 127 ? Number(bytes.readBigUInt64BE(start + 2)) : short;
    const end = payloadAt + length;
    const masked = bytes.subarray(payloadAt, end);
    frames.push({
      opcode: first & 0x0f,
      fin: first >= 0x80,
      reserved: (first >> 4) & 7,
      isMasked,
      payload: isMasked ? Buffer.from(masked.map((byte, i) => byte ^ bytes[keyAt + (i % 4)])) : masked,
      start,
      end,
      isWhole: end <= bytes.length,
    });
    start = end;
  }
  return frames;
}
