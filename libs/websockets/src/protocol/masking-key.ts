import { createRequire } from 'node:module';
import { endianness } from 'node:os';

/** From this many bytes on, native unmasking with the view that it needs is quicker than the loops below. */
const NATIVE_FROM = 768;
/** From this many bytes on, whole words are quicker than single bytes. */
const WORDS_FROM = 16;

const isLittleEndian = endianness() === 'LE';

type NativeUnmask = (bytes: Buffer, key: Buffer) => void;

/** `bufferutil` is optional: a machine for which it has no binary unmasks in JavaScript. */
function loadNativeUnmask(): NativeUnmask | undefined {
  try {
    return (createRequire(import.meta.url)('bufferutil') as { unmask: NativeUnmask }).unmask;
  } catch {
    return undefined;
  }
}

const nativeUnmask = loadNativeUnmask();
const nativeKey = Buffer.alloc(4);

/**
 * Reads a client's masking key (RFC 6455 section 5.3) from a frame's header.
 *
 * @returns its four bytes, the one for the next byte of the payload lowest
 */
export function readMaskingKey(header: Buffer, at: number): number {
  return header[at] | (header[at + 1] << 8) | (header[at + 2] << 16) | (header[at + 3] << 24);
}

/** The key for what follows a piece of a payload that has `length` bytes. */
export function maskingKeyAfter(key: number, length: number): number {
  const distance = length & 3;
  return distance === 0 ? key : (key >>> (distance << 3)) | (key << (32 - (distance << 3)));
}

/** Bytes as words of four, in the machine's own order. Byte `i` lies in word `(byteOffset + i) >> 2`. */
interface WordView {
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

/** The key as it is applied to a whole word of a `WordView`. */
function wordKeyOf(key: number): number {
  return isLittleEndian ? key : (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24);
}

/**
 * Unmasks `bytes[start..end]` in place.
 *
 * @returns true when every unmasked byte is known to be ASCII, so that text needs no further check; false when one is not,
 * or when the bytes were not looked at.
 */
export function unmask(bytes: Buffer, start: number, end: number, maskingKey: number): boolean {
  const length = end - start;
  if (length >= NATIVE_FROM && nativeUnmask !== undefined) {
    nativeKey.writeInt32LE(maskingKey);
    nativeUnmask(bytes.subarray(start, end), nativeKey);
    return false;
  }
  let key = maskingKey;
  let seen = 0;
  let at = start;
  if (length >= WORDS_FROM) {
    const { words, byteOffset } = wordViewOf(bytes);
    const firstWord = start + (-(byteOffset + start) & 3);
    while (at < firstWord) {
      seen |= bytes[at++] ^= key & 0xff;
      key = maskingKeyAfter(key, 1);
    }
    const wordKey = wordKeyOf(key);
    const lastWord = (byteOffset + end) >> 2;
    let seenWords = 0;
    let word = (byteOffset + at) >> 2;
    // Four at a time: measurably quicker.
    for (; word < lastWord - 3; word += 4) {
      seenWords |= words[word] ^= wordKey;
      seenWords |= words[word + 1] ^= wordKey;
      seenWords |= words[word + 2] ^= wordKey;
      seenWords |= words[word + 3] ^= wordKey;
    }
    for (; word < lastWord; word++) {
      seenWords |= words[word] ^= wordKey;
    }
    seen |= (seenWords & 0x80808080) === 0 ? 0 : 0x80;
    at = (lastWord << 2) - byteOffset;
  }
  while (at < end) {
    seen |= bytes[at++] ^= key & 0xff;
    key = maskingKeyAfter(key, 1);
  }
  return seen < 0x80;
}

/**
 * Copies `bytes[start..end]` to `target` from `to` on, and unmasks the copy alone. Words are copied where those of both
 * fall together.
 *
 * @param targetWords the words of the target, which begins with the first
 */
export function copyUnmasked(
  bytes: Buffer,
  start: number,
  end: number,
  maskingKey: number,
  target: Buffer,
  targetWords: Int32Array,
  to: number,
): void {
  let at = start;
  let targetAt = to;
  let key = maskingKey;
  const { words, byteOffset } = wordViewOf(bytes);
  if (end - start >= WORDS_FROM && ((byteOffset + start - to) & 3) === 0) {
    while ((targetAt & 3) !== 0) {
      target[targetAt++] = bytes[at++] ^ (key & 0xff);
      key = maskingKeyAfter(key, 1);
    }
    const wordKey = wordKeyOf(key);
    let word = (byteOffset + at) >> 2;
    let targetWord = targetAt >> 2;
    const lastWord = (byteOffset + end) >> 2;
    at += (lastWord - word) << 2;
    targetAt += (lastWord - word) << 2;
    for (; word < lastWord - 3; word += 4, targetWord += 4) {
      targetWords[targetWord] = words[word] ^ wordKey;
      targetWords[targetWord + 1] = words[word + 1] ^ wordKey;
      targetWords[targetWord + 2] = words[word + 2] ^ wordKey;
      targetWords[targetWord + 3] = words[word + 3] ^ wordKey;
    }
    while (word < lastWord) {
      targetWords[targetWord++] = words[word++] ^ wordKey;
    }
  }
  while (at < end) {
    target[targetAt++] = bytes[at++] ^ (key & 0xff);
    key = maskingKeyAfter(key, 1);
  }
}
