import { parsed } from './option-values.js';

/**
 * Reads a whole number of things, such as `1000`.
 *
 * @returns undefined when the text is none, or more than a number counts exactly
 */
export function parseWholeNumber(text: string): number | undefined {
  const count = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(count) ? count : undefined;
}

/** A number of things; 0 for any number. */
export const limit = parsed(parseWholeNumber, 'a whole number such as 1000, or 0 for no limit');

/** A number of things, at least 1. */
export const positiveNumber = parsed(
  (text) => parseWholeNumber(text) || undefined,
  'a whole number such as 1000, at least 1',
);
