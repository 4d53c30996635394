import type { Parameters } from 'fast-check';

/**
 * How many cases a property is tried with, and from which seed on.
 *
 * FUZZ_RUNS multiplies the number, so that 100 is a hundred times as many. A property that fails prints its seed and the
 * smallest case that it was found to fail with; FUZZ_SEED tries the same cases again.
 */
export function runs<T>(count: number): Parameters<T> {
  const seed = process.env['FUZZ_SEED'];
  return {
    numRuns: count * Number(process.env['FUZZ_RUNS'] ?? 1),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}

/** The time that a test of a property may take, in ms. */
export const PATIENCE = 60_000 * Number(process.env['FUZZ_RUNS'] ?? 1);
