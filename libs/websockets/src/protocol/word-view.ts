/** Bytes as words of four, in the machine's own order. Byte `i` lies in word `(byteOffset + i) >> 2`. */
export interface WordView {
  readonly bytes: Buffer;
  /** The whole ArrayBuffer under the bytes. */
  readonly words: Int32Array;
  /** Where in that the bytes begin. */
  readonly byteOffset: number;
}

let latest = createWordView(Buffer.alloc(0));

/**
 * The bytes of one read hold many frames, so the latest view is kept: to ask a Buffer for its ArrayBuffer and its offset
 * takes longer than to unmask a small frame.
 */
export function wordViewOf(bytes: Buffer): WordView {
  if (latest.bytes !== bytes) {
    latest = createWordView(bytes);
  }
  return latest;
}

function createWordView(bytes: Buffer): WordView {
  const { buffer, byteOffset } = bytes;
  return { bytes, words: new Int32Array(buffer, 0, buffer.byteLength >> 2), byteOffset };
}
