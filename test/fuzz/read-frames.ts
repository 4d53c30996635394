/** A frame of a client, as far as it has come. */
export interface ReadFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly reserved: number;
  readonly isMasked: boolean;
  /** What has come of the payload, unmasked. */
  readonly payload: Buffer;
  /** Where it begins, and where it ends or would end. */
  readonly start: number;
  readonly end: number;
  /** Whether all of it has come. */
  readonly isWhole: boolean;
}

/** Reads frames as if nothing were ever wrong with them; the last may be cut off. A header that is cut off is left out. */
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
