export { parseDuration, parseSize as parseByteSize } from 'nest-ws-echo-client/amounts';

/**
 * Reads a whole number of things, such as `1000`.
 *
 * @returns undefined when the text is not one, or is more than a number counts exactly
 */
export function parseWholeNumber(text: string): number | undefined {
  const count = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(count) ? count : undefined;
}
