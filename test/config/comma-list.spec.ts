import { parseCommaList } from '../../src/config/comma-list.js';

describe('A comma list', () => {
  it.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a , b ', ['a', 'b']],
    ['a,,b,', ['a', 'b']],
    ['a b', ['a b']],
    [',', []],
    ['', []],
  ])('%j has the entries %j', (text, entries) => {
    expect(parseCommaList(text)).toEqual(entries);
  });
});
