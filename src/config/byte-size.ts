import { parsed } from './option-values.js';

const bytesPer: Record<string, number> = { '': 1, b: 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };

/**
 * Reads a size: `64KiB`, `1MiB`, `1GiB`, or a bare number of bytes such as `4096`. `KB` is refused because it
 * means 1000 bytes to some and 1024 to others.
 *
 * @returns bytes, or undefined when the text is no size or is more than a number counts exactly
 */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d+) ?(b|kib|mib|gib|)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    return undefined;
  }
  const bytes = Number(digits) * bytesPer[unit.toLowerCase()];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size in bytes. */
export const byteSize = parsed(parseByteSize, 'a size such as 4096, 64KiB or 1MiB');

/** A size in bytes, at least 1. */
export const positiveByteSize = parsed(
  (text) => parseByteSize(text) || undefined,
  'a size such as 4096, 64KiB or 1MiB, at least 1',
);
