import { fillIn, hasPlaceholders } from '../../../../client/page/composer/placeholders.js';

describe('Placeholders', () => {
  it('are replaced, each uuid with a new one, and other text in braces is unchanged', () => {
    let uuids = 0;
    const values = { n: () => 7, now: () => 'T', uuid: () => `u${(uuids += 1)}` };

    expect(fillIn('{{n}} {{now}} {{uuid}} {{uuid}} {{other}} {n}', values)).toBe('7 T u1 u2 {{other}} {n}');
  });

  it.each([
    ['{{n}}', true],
    ['{{N}} {{ n }} {n}', false],
  ])('are detected in %s: %s', (text, expected) => {
    expect(hasPlaceholders(text)).toBe(expected);
  });
});
