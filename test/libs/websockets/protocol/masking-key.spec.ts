import { maskingKeyAfter, readMaskingKey, unmask } from '../../../../libs/websockets/src/protocol/masking-key.js';

const key = Buffer.from([0x01, 0x82, 0x43, 0xc4]);
const unmasked = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 0x7f));
const masked = (plain: Buffer): Buffer => Buffer.from(plain.map((byte, i) => byte ^ key[i % 4]));

describe('A masking key', () => {
  it.each([0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 63, 64, 65, 767, 768, 1000, 5000])(
    'unmasks %i bytes at every word alignment, and changes no other byte',
    (length) => {
      const plain = unmasked(length);
      for (let offset = 0; offset < 8; offset++) {
        const bytes = Buffer.concat([Buffer.alloc(offset, 0xee), masked(plain), Buffer.alloc(8, 0xee)]);
        unmask(bytes, offset, offset + length, readMaskingKey(Buffer.concat([Buffer.from([0]), key]), 1));
        expect(bytes).toEqual(Buffer.concat([Buffer.alloc(offset, 0xee), plain, Buffer.alloc(8, 0xee)]));
      }
    },
  );

  it('continues at the end of the previous piece, for every split of a payload', () => {
    const wrong: string[] = [];
    for (const length of [40, 2000]) {
      const plain = unmasked(length);
      for (let cut = 0; cut <= length; cut++) {
        const bytes = masked(plain);
        const maskingKey = readMaskingKey(key, 0);
        unmask(bytes, 0, cut, maskingKey);
        unmask(bytes, cut, length, maskingKeyAfter(maskingKey, cut));
        if (!bytes.equals(plain)) {
          wrong.push(`${length} bytes, split at ${cut}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('reports whether all bytes are ASCII, for a byte above 127 at any offset', () => {
    const wrong: string[] = [];
    for (let length = 1; length < 100; length++) {
      for (let at = -1; at < length; at++) {
        const plain = unmasked(length);
        if (at >= 0) {
          plain[at] = 0x80;
        }
        if (unmask(masked(plain), 0, length, readMaskingKey(key, 0)) !== at < 0) {
          wrong.push(`${length} bytes, one above 127 at ${at}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
