import { LONGEST_DELAY } from '../amounts.js';

/** The longest delay between two attempts, in milliseconds, unless the server asks for a longer one. */
export const LONGEST_BACKOFF = 30_000;

/**
 * How long to wait before another attempt to connect: twice as long each time, and between half and all of it by chance,
 * so that the clients of a server that was restarted do not come back all at once.
 *
 * @param attempt 0 for the first one
 * @param first the longest delay before that one, in milliseconds
 * @param chance from 0 to 1
 */
export function backoff(attempt: number, first: number, chance: number = Math.random()): number {
  return Math.min(LONGEST_BACKOFF, first * 2 ** attempt) * (0.5 + chance / 2);
}

/**
 * What Retry-After asks for, in milliseconds (RFC 9110 section 10.2.3).
 *
 * @param value seconds, or a date
 * @returns at most what a timer takes; 0 when it is neither
 */
export function retryAfter(value: string | undefined, now: number): number {
  const seconds = /^\d+$/.test(value ?? '') ? Number(value) : (Date.parse(value ?? '') - now) / 1000;
  return seconds > 0 ? Math.min(LONGEST_DELAY, seconds * 1000) : 0;
}
