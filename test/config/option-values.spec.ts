import { parseDuration } from '../../src/config/duration.js';

describe('A duration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0', 0],
    ['0s', 0],
    ['1500', 1_500],
    ['30S', 30_000],
    ['30 s', 30_000],
    ['2147483647', 2_147_483_647],
  ])('%j is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', 's', '-1', '+1', '1.5s', '1e3', '30sec', '1d', '0x10', '30s30s', '1m 30s', 'Infinity', 'soon'])(
    'is not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each(['2147483648', '597h', '99999999999999999999s'])('is not %j, which is longer than a timer waits', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
