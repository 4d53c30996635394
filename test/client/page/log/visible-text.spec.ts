import { visibleParts } from '../../../../client/page/log/visible-text.js';

const shown = (text: string, onOneLine = false): string =>
  visibleParts(text, onOneLine)
    .map((part) => (part.isSpelledOut ? `[${part.text}]` : part.text))
    .join('');

describe('The visible form of a text', () => {
  it.each([
    ['plain text', 'plain text'],
    ['', ''],
    ['a\tb\nc', 'a\tb\nc'],
    ['zero\u0000byte', 'zero[U+0000]byte'],
    ['\u001b[31mred', '[U+001B][31mred'],
    ['line\r\n', 'line[U+000D]\n'],
    ['bidi \u202eabc\u202c', 'bidi [U+202E]abc[U+202C]'],
    ['iso\u2066late', 'iso[U+2066]late'],
    ['zero\u200bwidth\ufeff', 'zero[U+200B]width[U+FEFF]'],
    ['line\u2028separator', 'line[U+2028]separator'],
    ['tag \u{e0041}', 'tag [U+E0041]'],
    ['lone \ud800', 'lone [U+D800]'],
    ['שלום 日本 🙂', 'שלום 日本 🙂'],
    ['👩\u200d💻 ❤\ufe0f\u200d🔥', '👩\u200d💻 ❤\ufe0f\u200d🔥'],
    ['a\u200db', 'a[U+200D]b'],
  ])('of %j shows the code points of hidden characters', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('on one line shows marks for line feeds and tabs', () => {
    expect(shown('a\tb\nc\u0000', true)).toBe('a[⇥]b[↵]c[U+0000]');
  });
});
