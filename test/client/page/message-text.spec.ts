import { SHOWN_BYTES, SHOWN_CHARACTERS, countOf, textOfBinary, textOfText } from '../../../client/page/message-text.js';

function bytes(...values: number[]): ArrayBuffer {
  return Uint8Array.from(values).buffer;
}

describe('A text message in the log', () => {
  it.each(['', 'hello', '<b>&amp;</b>', 'Zoë 🙂', 'x'.repeat(SHOWN_CHARACTERS)])('is shown as it is', (message) => {
    expect(textOfText(message)).toBe(message);
  });

  it('is cut when it is very long, and says how much is missing', () => {
    expect(textOfText('x'.repeat(SHOWN_CHARACTERS + 1_234))).toBe(
      `${'x'.repeat(SHOWN_CHARACTERS)}\n… and 1,234 more characters`,
    );
  });

  it('is not cut in the middle of a character', () => {
    const before = 'x'.repeat(SHOWN_CHARACTERS - 1);
    expect(textOfText(`${before}🙂`)).toBe(`${before}\n… and 2 more characters`);
  });
});

describe('A binary message in the log', () => {
  it.each([
    [bytes(), 'Binary, 0 bytes'],
    [bytes(0), 'Binary, 1 byte: 00'],
    [bytes(0x48, 0x65, 0x6c, 0x6c, 0x6f), 'Binary, 5 bytes: 48 65 6c 6c 6f'],
    [bytes(255, 10), 'Binary, 2 bytes: ff 0a'],
  ])('is shown as its size and its bytes', (message, expected) => {
    expect(textOfBinary(message)).toBe(expected);
  });

  it('is cut when it is very long, and says how much is missing', () => {
    const text = textOfBinary(new ArrayBuffer(1_048_576));
    expect(text).toMatch(/^Binary, 1,048,576 bytes: 00 00 /);
    expect(text.match(/\b00\b/g)).toHaveLength(SHOWN_BYTES);
    expect(text).toMatch(/\n… and 1,048,320 more bytes$/);
  });
});

it.each([
  [0, '0 rows'],
  [1, '1 row'],
  [1_000, '1,000 rows'],
])('A count of %d has its noun in the right number', (count, expected) => {
  expect(countOf(count, 'row')).toBe(expected);
});
