const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes in hexadecimal, separated by spaces: `48 65 6c`. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => PAIRS[byte]).join(' ');
}

/**
 * Bytes as a hex dump: an offset, 16 bytes and their printable ASCII characters in each line.
 *
 * @param start - the offset of the first byte in the whole message
 */
export function hexDump(bytes: Uint8Array, start = 0): string {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const part = bytes.subarray(offset, offset + 16);
    const ascii = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${(start + offset).toString(16).padStart(8, '0')}  ${hexOf(part).padEnd(47)}  ${ascii}`);
  }
  return lines.join('\n');
}
