import type { Parameters } from 'fast-check';

/**
 * The number of cases for each property, and the first seed.
 *
 * FUZZ_RUNS multiplies the number: 100 runs a hundred times as many. A property that fails prints its seed and the
 * smallest failing case; FUZZ_SEED repeats the same cases.
 */
export function runs<T>(count: number): Parameters<T> {
  const seed = process.env['FUZZ_SEED'];
  return {
    numRuns: count * Number(process.env['FUZZ_RUNS'] ?? 1),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}

/** The time limit for the test of a property, in ms. */
export const PATIENCE = 60_000 * Number(process.env['FUZZ_RUNS'] ?? 1);
