import { printable } from '../../../../client/console/display/printable.js';

describe('What is shown', () => {
  it.each([
    ['tabs\tand\nline breaks', 'tabs\tand\nline breaks'],
    ['grüße 😀', 'grüße 😀'],
    ['\u001b[31mred\u0007\u0000\r', '\\x1b[31mred\\x07\\x00\\x0d'],
    ['\u009b31m\u007f', '\\x9b31m\\x7f'],
    ['\u202eexe', '\\u202eexe'],
  ])('on a terminal of %j is harmless', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
