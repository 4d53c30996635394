/** The content of the messages of `count=`: 64 KiB of text that repeats every 64 bytes. */
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
export const PATTERN = Buffer.alloc(64 * 1024, ALPHABET);

/** Bytes of a message of the pattern, in chunks. `from` is the offset in the message. */
function* pattern(from: number, length: number): Iterable<Buffer> {
  let at = from % ALPHABET.length;
  for (let left = length; left > 0;) {
    const chunk = PATTERN.subarray(at, at + Math.min(left, PATTERN.length - at));
    yield chunk;
    left -= chunk.length;
    at = 0;
  }
}

/** A frame of the pattern, in chunks. The header is in the chunk of the first bytes: a small frame is one packet. */
export function* frameOfPattern(header: Buffer, from: number, length: number): Iterable<Buffer> {
  let first: Buffer | undefined = header;
  for (const chunk of pattern(from, length)) {
    yield first === undefined ? chunk : Buffer.concat([first, chunk]);
    first = undefined;
  }
  if (first !== undefined) {
    yield first;
  }
}
