import { parseByteSize } from '../../src/config/byte-size.js';

describe('A size', () => {
  it.each([
    ['4096', 4096],
    ['0', 0],
    ['17b', 17],
    ['64KiB', 65_536],
    ['64kib', 65_536],
    ['64 KiB', 65_536],
    ['1MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each(['', 'KiB', '-1', '1.5MiB', '64K', '64KB', '1M', '1TiB', '0x10', '1e3', 'large', '9007199254740992'])(
    'is not %j',
    (text) => {
      expect(parseByteSize(text)).toBeUndefined();
    },
  );
});
