import { PREVIEW_BYTES, PREVIEW_CHARACTERS, countOf, previewOf } from '../../../../client/page/log/preview.js';

function bytes(...values: number[]): ArrayBuffer {
  return Uint8Array.from(values).buffer;
}

describe('The preview of a text message', () => {
  it.each(['', 'hello', '<b>&amp;</b>', 'Zoë 🙂', 'x'.repeat(PREVIEW_CHARACTERS)])(
    'is the text itself up to the limit',
    (message) => {
      expect(previewOf(message)).toBe(message);
    },
  );

  it.each([
    ['after the limit', 'x'.repeat(PREVIEW_CHARACTERS + 1), `${'x'.repeat(PREVIEW_CHARACTERS)}…`],
    [
      'before a character that does not fit',
      `${'x'.repeat(PREVIEW_CHARACTERS - 1)}🙂`,
      `${'x'.repeat(PREVIEW_CHARACTERS - 1)}…`,
    ],
  ])('is cut %s', (_where, message, expected) => {
    expect(previewOf(message)).toBe(expected);
  });
});

describe('The preview of a binary message', () => {
  it.each([
    [bytes(), 'Binary, 0 bytes'],
    [bytes(0), 'Binary, 1 byte: 00'],
    [bytes(0x48, 0x65, 0x6c, 0x6c, 0x6f), 'Binary, 5 bytes: 48 65 6c 6c 6f'],
    [
      new ArrayBuffer(1_048_576),
      `Binary, 1,048,576 bytes: ${Array.from({ length: PREVIEW_BYTES }, () => '00').join(' ')} …`,
    ],
  ])('consists of the size and the first bytes', (message, expected) => {
    expect(previewOf(message)).toBe(expected);
  });
});

it.each([
  [0, '0 rows'],
  [1, '1 row'],
  [1_000, '1,000 rows'],
])('A count of %d has the correct singular or plural', (count, expected) => {
  expect(countOf(count, 'row')).toBe(expected);
});
