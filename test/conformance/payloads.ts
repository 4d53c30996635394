/** Ten bytes: one UTF-8 sequence of each length. */
const TEN_BYTES = 'aé€😀';

let state = 1;
const noise = Buffer.from(
  Array.from({ length: 65521 }, () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24),
);

/** Text of this length in bytes, mostly outside ASCII. */
export function textOf(length: number): Buffer {
  return Buffer.from(TEN_BYTES.repeat(Math.floor(length / 10)) + 'x'.repeat(length % 10));
}

/** This number of bytes, of every value, always the same, without a short period. */
export function binaryOf(length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, noise);
}

/** Splits bytes into parts of a size; at least one part. */
export function partsOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.max(1, Math.ceil(bytes.length / size)) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}
