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
});
