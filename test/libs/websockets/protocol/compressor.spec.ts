import { Compressor } from '../../../../libs/websockets/src/protocol/compressor.js';
import { Decompressor } from '../../../../libs/websockets/src/protocol/decompressor.js';
import type { DeflateParameters } from '../../../../libs/websockets/src/protocol/permessage-deflate.js';

const parameters = (overrides: Partial<DeflateParameters> = {}): DeflateParameters => ({
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
  ...overrides,
});

async function inflated(decompressor: Decompressor, piece: Buffer, endOfMessage: boolean): Promise<string> {
  let message = '';
  await decompressor.decompress(piece, endOfMessage, (bytes, isEnd) => {
    message += `${bytes.toString()}${isEnd ? '.' : ''}`;
  });
  return message;
}

describe('Compressor', () => {
  it.each<[string, Partial<DeflateParameters>]>([
    ['with context takeover', {}],
    ['without context takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }],
    ['with a small window', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }],
  ])(
    'deflates data that a Decompressor inflates, %s, in messages and parts, including empty ones',
    async (_name, agreed) => {
      const compressor = new Compressor(parameters(agreed));
      const decompressor = new Decompressor(parameters(agreed));
      const messages = [['Hello'], [''], ['Hel', '', 'lo', ''], ['x'.repeat(100_000)], ['', ''], ['end']];
      for (const parts of messages) {
        let message = '';
        for (const [i, part] of parts.entries()) {
          const isLast = i === parts.length - 1;
          const payload = await compressor.compress(Buffer.from(part), isLast);
          message += await inflated(decompressor, payload ?? Buffer.alloc(0), isLast);
        }
        expect(message).toBe(`${parts.join('')}.`);
      }
      compressor.close();
      decompressor.close();
    },
  );

  it('produces the bytes of the RFC example, and fewer for repeated data', async () => {
    const compressor = new Compressor(parameters());
    expect(await compressor.compress(Buffer.from('Hello'), true)).toEqual(
      Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
    );
    expect(await compressor.compress(Buffer.from('Hello'), true)).toEqual(Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00]));
    compressor.close();
  });

  it('ends without a result when it is closed', async () => {
    const compressor = new Compressor(parameters());
    const compressed = compressor.compress(Buffer.alloc(1_000_000), true);
    compressor.close();
    expect(await compressed).toBeUndefined();
    expect(await compressor.compress(Buffer.from('x'), true)).toBeUndefined();
  });

  describe('at once', () => {
    const withoutTakeover = { serverNoContextTakeover: true, clientNoContextTakeover: true };

    it.each([0, 1, 5, 255, 256, 1000, 16_384])('makes of %i bytes what a Decompressor inflates', async (length) => {
      for (const serverMaxWindowBits of [9, 12, 15]) {
        const agreed = parameters({
          ...withoutTakeover,
          serverMaxWindowBits,
          clientMaxWindowBits: serverMaxWindowBits,
        });
        const message = Buffer.from('compress me, please! '.repeat(1000).slice(0, length));
        const payload = new Compressor(agreed).compressAtOnce(message)!;
        const decompressor = new Decompressor(agreed);
        expect(await inflated(decompressor, payload, true)).toBe(`${message.toString()}.`);
        expect(decompressor.decompressAtOnce(payload, 65536)).toEqual(message);
        decompressor.close();
      }
    });

    it.each<[string, Partial<DeflateParameters>, number]>([
      ['large', withoutTakeover, 16_385],
      ['one of several that share a window', {}, 10],
    ])('leaves a message alone that is %s', (_name, agreed, length) => {
      expect(new Compressor(parameters(agreed)).compressAtOnce(Buffer.alloc(length))).toBeUndefined();
    });
  });

  it('takes turns with others on shared streams, and closing one harms none', async () => {
    const agreed = parameters({ serverNoContextTakeover: true });
    const message = Buffer.alloc(50_000, 'shared');
    const all = Array.from({ length: 20 }, () => new Compressor(agreed));
    for (let round = 0; round < 3; round++) {
      const payloads = all.map((compressor) => compressor.compress(message, true));
      all.splice(0, 2).forEach((compressor) => compressor.close());
      const [, , ...made] = await Promise.all(payloads);
      for (const payload of made) {
        const decompressor = new Decompressor(agreed);
        expect(await inflated(decompressor, payload!, true)).toBe(`${message.toString()}.`);
        decompressor.close();
      }
    }
  });
});
