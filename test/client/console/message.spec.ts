import { parseHex } from '../../../client/console/src/message.js';

describe('Hexadecimal input', () => {
  it.each([
    ['', []],
    ['00ff', [0x00, 0xff]],
    ['00 FF 1a', [0x00, 0xff, 0x1a]],
    ['0x00ff', [0x00, 0xff]],
    [' 0 0 ', [0x00]],
  ])('is parsed from %j', (text, bytes) => {
    expect(parseHex(text)).toEqual(Buffer.from(bytes));
  });

  it.each(['0', 'xyz', '0g', '00-ff', 'ä'])('is not parsed from %j', (text) => {
    expect(parseHex(text)).toBeUndefined();
  });
});
