/** How many characters of one text message the log shows: a message of 64 KiB of ASCII still shows in full. */
export const SHOWN_CHARACTERS = 65_536;

/** How many bytes of one binary message the log shows. */
export const SHOWN_BYTES = 256;

const number = new Intl.NumberFormat('en');

/** `1 byte`, `1,024 bytes`: a count with its noun, as the page writes it. */
export function countOf(count: number, noun: string): string {
  return `${number.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A text message as the log shows it. A very long one is cut, and says so. */
export function textOfText(message: string): string {
  if (message.length <= SHOWN_CHARACTERS) {
    return message;
  }
  // Half of a surrogate pair would show as a replacement character that nobody sent.
  const lastUnit = message.charCodeAt(SHOWN_CHARACTERS - 1);
  const end = lastUnit >= 0xd800 && lastUnit <= 0xdbff ? SHOWN_CHARACTERS - 1 : SHOWN_CHARACTERS;
  return `${message.slice(0, end)}\n… and ${countOf(message.length - end, 'more character')}`;
}

/** A binary message as the log shows it: its size, then its bytes in hexadecimal. A very long one is cut, and says so. */
export function textOfBinary(message: ArrayBuffer): string {
  const size = `Binary, ${countOf(message.byteLength, 'byte')}`;
  if (message.byteLength === 0) {
    return size;
  }
  const shown = new Uint8Array(message, 0, Math.min(message.byteLength, SHOWN_BYTES));
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const rest = message.byteLength - shown.length;
  return rest === 0 ? `${size}: ${hex}` : `${size}: ${hex}\n… and ${countOf(rest, 'more byte')}`;
}
