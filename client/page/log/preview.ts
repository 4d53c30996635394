import { hexOf } from './hex.js';
import type { Payload } from './log-entry.js';

/** How many characters of a message its row shows. The row has one line; the whole message opens on demand. */
export const PREVIEW_CHARACTERS = 500;

/** How many bytes of a binary message its row shows. */
export const PREVIEW_BYTES = 64;

const number = new Intl.NumberFormat('en');

/** `1 byte`, `1,024 bytes`: a count with its noun. */
export function countOf(count: number, noun: string): string {
  return `${number.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The beginning of a message: text unchanged, binary as its size and its values in hexadecimal. */
export function previewOf(data: Payload): string {
  if (typeof data === 'string') {
    return startOf(data, PREVIEW_CHARACTERS);
  }
  const size = `Binary, ${countOf(data.byteLength, 'byte')}`;
  if (data.byteLength === 0) {
    return size;
  }
  const shown = new Uint8Array(data, 0, Math.min(data.byteLength, PREVIEW_BYTES));
  return `${size}: ${hexOf(shown)}${shown.length < data.byteLength ? ' …' : ''}`;
}

/** The first characters of a text, not cut inside a surrogate pair, with an ellipsis if there are more. */
export function startOf(text: string, characters: number): string {
  if (text.length <= characters) {
    return text;
  }
  const lastUnit = text.charCodeAt(characters - 1);
  return `${text.slice(0, lastUnit >= 0xd800 && lastUnit <= 0xdbff ? characters - 1 : characters)}…`;
}
