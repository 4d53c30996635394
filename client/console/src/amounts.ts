/** The longest delay that a Node.js timer accepts, in milliseconds: about 24.8 days. A longer delay would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/** The durations that `parseDuration` accepts, in words for an error message. */
export const ACCEPTED_DURATIONS = 'a duration such as 500ms, 1.5s, 2m, 1h or 0, in whole milliseconds, at most 24 days';

/** The sizes that `parseSize` accepts, in words for an error message. */
export const ACCEPTED_SIZES = 'a size such as 4096, 64KiB, 1MiB or 1GiB';

const MILLISECONDS_PER: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const BYTES_PER: Readonly<Record<string, number>> = { '': 1, b: 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };

/**
 * Parses a duration: `500ms`, `1.5s`, `2m`, `1h`, or milliseconds without a unit such as `0`. Units may be in upper case,
 * and spaces may stand before the unit: `30 s`.
 *
 * @returns milliseconds, a whole number; undefined if the text is not a duration, has a fraction of a millisecond, or is
 *   longer than `LONGEST_DELAY`
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) *(ms|s|m|h|)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    return undefined;
  }
  // Rounded to a microsecond: 1.001 * 1000 is 1000.9999999999999.
  const milliseconds = Math.round(Number(digits) * MILLISECONDS_PER[unit.toLowerCase()] * 1000) / 1000;
  return Number.isInteger(milliseconds) && milliseconds <= LONGEST_DELAY ? milliseconds : undefined;
}

/**
 * Parses a size: `64KiB`, `1 MiB`, `1GiB`, or bytes with or without the unit `B`, such as `4096`. Units may be in any case.
 * `KB` and `MB` are refused, because they mean powers of 1000 to some and powers of 1024 to others.
 *
 * @returns bytes; undefined if the text is not a size, or is more than `Number.MAX_SAFE_INTEGER` bytes
 */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d+) *(b|kib|mib|gib|)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    return undefined;
  }
  const bytes = Number(digits) * BYTES_PER[unit.toLowerCase()];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Parses a whole number of things: `1000`.
 *
 * @returns undefined if the text is not a whole number, or is more than `Number.MAX_SAFE_INTEGER`
 */
export function parseWholeNumber(text: string): number | undefined {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}
