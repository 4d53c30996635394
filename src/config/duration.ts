import { parsed } from './parsed.js';

const millisecondsPer: Record<string, number> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The longest delay a Node.js timer takes, about 24.8 days; a longer one would fire at once. */
const longest = 2 ** 31 - 1;

/**
 * Reads a duration: `500ms`, `30s`, `2m`, `1h`, or a bare number of milliseconds such as `0`.
 *
 * @returns milliseconds, or undefined when the text is no duration or longer than a timer can wait (24 days)
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d+) ?(ms|s|m|h|)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    return undefined;
  }
  const milliseconds = Number(digits) * millisecondsPer[unit.toLowerCase()];
  return milliseconds <= longest ? milliseconds : undefined;
}

/** A duration in milliseconds, at least 1. */
export const positiveDuration = parsed(
  (text) => parseDuration(text) || undefined,
  'a duration such as 500ms, 30s, 2m or 1h, at least 1 ms and at most 24 days',
);

/** A duration in milliseconds. */
export const duration = parsed(parseDuration, 'a duration such as 500ms, 30s, 2m, 1h or 0, at most 24 days');
