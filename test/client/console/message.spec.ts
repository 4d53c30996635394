import { parseHex } from '../../../client/console/src/message.js';

describe('Hex', () => {
  it.each([
    ['', []],
    ['00ff', [0x00, 0xff]],
    ['00 FF 1a', [0x00, 0xff, 0x1a]],
    ['0x00ff', [0x00, 0xff]],
    [' 0 0 ', [0x00]],
  ])('is read from %j', (text, bytes) => {
    expect(parseHex(text)).toEqual(Buffer.from(bytes));
  });

  it.each(['0', 'xyz', '0g', '00-ff', 'ä'])('is not read from %j', (text) => {
    expect(parseHex(text)).toBeUndefined();
  });
});
