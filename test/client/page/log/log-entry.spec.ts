import { sizeOf } from '../../../../client/page/log/log-entry.js';

it.each(['', 'abc', 'Zoë', '日本', '🙂', '\u{10ffff}\u07ff\u0800'])('The size of "%s" is its UTF-8 length', (text) => {
  expect(sizeOf(text)).toBe(Buffer.byteLength(text));
});

it('The size of binary data is its number of bytes', () => {
  expect(sizeOf(new ArrayBuffer(5))).toBe(5);
});
