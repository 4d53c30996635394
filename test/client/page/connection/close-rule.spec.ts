import { readClose } from '../../../../client/page/connection/close-rule.js';

describe('The close code and reason', () => {
  it.each([
    ['1000', 'Closing from client', { code: 1000, reason: 'Closing from client' }],
    [' 3000 ', '', { code: 3000, reason: '' }],
    ['4999', 'é'.repeat(61), { code: 4999, reason: 'é'.repeat(61) }],
    ['', '', {}],
  ])('"%s" and "%s" are accepted', (code, reason, expected) => {
    expect(readClose(code, reason)).toEqual(expected);
  });

  it.each([
    ['1001', '', '"1001" is not a close code that a page may send. Browsers allow 1000 and 3000 to 4999'],
    ['2999', '', '"2999" is not a close code'],
    ['5000', '', '"5000" is not a close code'],
    ['1e3', '', '"1e3" is not a close code'],
    ['', 'why', 'A close reason needs a close code'],
    ['1000', 'é'.repeat(62), 'The close reason has 124 bytes of UTF-8. At most 123 fit'],
  ])('"%s" and "%s" are rejected, and the error names the rule', (code, reason, problem) => {
    expect(readClose(code, reason)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
