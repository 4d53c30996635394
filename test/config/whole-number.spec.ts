import { parseWholeNumber } from '../../src/config/whole-number.js';

describe('A whole number', () => {
  it.each([
    ['0', 0],
    ['007', 7],
    ['10000', 10_000],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('%j is %d', (text, count) => {
    expect(parseWholeNumber(text)).toBe(count);
  });

  it.each(['', ' 1', '-1', '+1', '1.5', '1e3', '0x10', '1_000', 'many', '9007199254740992'])('is not %j', (text) => {
    expect(parseWholeNumber(text)).toBeUndefined();
  });
});
