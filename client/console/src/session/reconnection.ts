import { LONGEST_DELAY } from '../amounts.js';
import { RefusedError } from '../connection/connect-error.js';
import { headerValue } from '../connection/handshake.js';
import { describeClosed, isCleanClose, type Ending } from './ending.js';

/** Another attempt to connect. */
export interface Reconnection {
  readonly reason: string;
  /** Milliseconds from now. */
  readonly delay: number;
  /** Counts from 1. */
  readonly attempt: number;
}

/** The reason to reconnect after an ending; undefined if the client should not reconnect. */
export function reasonToReconnect(ending: Ending): string | undefined {
  if (ending.kind === 'not connected') {
    return ending.error.isTransient ? ending.error.message : undefined;
  }
  return ending.kind === 'closed' && !isCleanClose(ending.closed) ? describeClosed(ending.closed) : undefined;
}

/** The longest delay between two attempts in milliseconds, unless the server asks for a longer one. */
export const LONGEST_BACKOFF = 30_000;

/**
 * The delay before the next attempt to connect, in milliseconds. The longest delay doubles with each attempt. The actual
 * delay is a random part of it, from a half to all, so that the clients of a restarted server do not return all at once.
 *
 * @param attempt 0 for the first attempt
 * @param first the longest delay before the first attempt, in milliseconds
 * @param chance from 0 to 1
 */
export function backoff(attempt: number, first: number, chance: number = Math.random()): number {
  return Math.min(LONGEST_BACKOFF, first * 2 ** attempt) * (0.5 + chance / 2);
}

/**
 * The delay that a Retry-After header asks for, in milliseconds (RFC 9110 section 10.2.3).
 *
 * @param value seconds, or a date
 * @returns at most `LONGEST_DELAY`; 0 for any other value
 */
export function retryAfter(value: string | undefined, now: number): number {
  const seconds = /^\d+$/.test(value ?? '') ? Number(value) : (Date.parse(value ?? '') - now) / 1000;
  return seconds > 0 ? Math.min(LONGEST_DELAY, seconds * 1000) : 0;
}

/** The delay that a server asked for when it refused, in milliseconds; otherwise 0. */
export function retryDelayOf(ending: Ending): number {
  const refusal = ending.kind === 'not connected' && ending.error instanceof RefusedError ? ending.error : undefined;
  return retryAfter(refusal && headerValue(refusal.handshake.response, 'retry-after'), Date.now());
}
