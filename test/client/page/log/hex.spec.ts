import { hexDump, hexOf } from '../../../../client/page/log/hex.js';

it('Bytes in hexadecimal are separated by spaces', () => {
  expect(hexOf(Uint8Array.from([0, 10, 255]))).toBe('00 0a ff');
});

it('A hex dump shows the offset, 16 bytes and their printable characters in each line', () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, index) => 0x3a + index);

  expect(hexDump(bytes, 0x20)).toBe(
    '00000020  3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI\n' +
      `00000030  4a 4b${' '.repeat(42)}  JK`,
  );
});
