/** A message of a WebSocket: its bytes, and whether its type is binary or text. */
export interface Message {
  readonly data: Buffer;
  readonly binary: boolean;
}

/** The largest message that the client sends or receives, in bytes: the default limit of `ws`. */
export const LARGEST_MESSAGE = 100 * 1024 ** 2;

/** Parses bytes in hexadecimal, with or without spaces and `0x`; undefined for any other text. */
export function parseHex(text: string): Buffer | undefined {
  const digits = text.replace(/^0x/i, '').replace(/\s+/g, '');
  return digits.length % 2 === 0 && /^[\da-f]*$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
