import { backoff, retryAfter } from '../../../../client/console/src/session/reconnection.js';

describe('The delay before another attempt', () => {
  it.each([
    [0, 1000],
    [1, 2000],
    [2, 4000],
    [4, 16_000],
    [5, 30_000],
    [100, 30_000],
  ])('is random at attempt %i, between half of and all of %i ms', (attempt, longest) => {
    expect(backoff(attempt, 1000, 0)).toBe(longest / 2);
    expect(backoff(attempt, 1000, 1)).toBe(longest);
    expect(backoff(attempt, 1000)).toBeGreaterThanOrEqual(longest / 2);
  });

  it.each([
    ['120', 120_000],
    ['Wed, 21 Oct 2026 07:28:10 GMT', 10_000],
    ['Wed, 21 Oct 2026 07:27:50 GMT', 0],
    ['soon', 0],
    ['-5', 0],
    [undefined, 0],
  ])('is at least the value of Retry-After: %s', (value, milliseconds) => {
    expect(retryAfter(value, Date.parse('2026-10-21T07:28:00Z'))).toBe(milliseconds);
  });

  it.each(['3000000000', '9'.repeat(400), 'Wed, 21 Oct 2099 07:28:00 GMT'])(
    'is the longest that a timer supports if Retry-After is longer: %s',
    (value) => {
      expect(retryAfter(value, Date.parse('2026-10-21T07:28:00Z'))).toBe(2 ** 31 - 1);
    },
  );
});
