import { printable, printableLines } from '../../../../client/console/src/display/printable.js';

describe('The display', () => {
  it.each([
    ['tabs\tand\nline breaks\r\n', 'tabs\tand\\nline breaks\\x0d\\n'],
    ['\u2028\u2029\u0085', '\\u2028\\u2029\\x85'],
    ['grüße 😀', 'grüße 😀'],
    ['\u001b[31mred\u0007\u0000\r', '\\x1b[31mred\\x07\\x00\\x0d'],
    ['\u009b31m\u007f', '\\x9b31m\\x7f'],
    ['\u202eexe', '\\u202eexe'],
  ])('of %j on a terminal is harmless', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('of several lines on a terminal cannot be confused with lines of the client', () => {
    expect(printableLines('one\nPong: 1 ms\r\nthree\rfour')).toBe('one\n| Pong: 1 ms\n| three\\x0dfour');
  });
});
