/** Reads bytes that are written as hex, with or without spaces and `0x`; undefined for anything else. */
export function parseHex(text: string): Buffer | undefined {
  const digits = text.replace(/^0x/i, '').replace(/\s+/g, '');
  return digits.length % 2 === 0 && /^[\da-f]*$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
