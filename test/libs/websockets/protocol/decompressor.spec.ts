import { constants, deflateRawSync } from 'node:zlib';
import { Decompressor } from '../../../../libs/websockets/src/protocol/decompressor.js';
import type { DeflateParameters } from '../../../../libs/websockets/src/protocol/permessage-deflate.js';

const parameters = (overrides: Partial<DeflateParameters> = {}): DeflateParameters => ({
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
  ...overrides,
});

/** A complete message as a client without context takeover compresses it (RFC 7692 section 7.2.1). */
const deflated = (bytes: string | Buffer): Buffer =>
  deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/** Each inflated chunk, with a mark on the last of a message. */
async function inflate(decompressor: Decompressor, piece: Buffer, endOfMessage = true): Promise<string[]> {
  const outputs: string[] = [];
  await decompressor.decompress(piece, endOfMessage, (bytes, isEnd) => {
    outputs.push(`${bytes.toString()}${isEnd ? '.' : ''}`);
  });
  return outputs;
}

const joined = async (decompressor: Decompressor, piece: Buffer, endOfMessage = true): Promise<string> =>
  (await inflate(decompressor, piece, endOfMessage)).join('');

describe('Decompressor', () => {
  // The examples of RFC 7692 section 7.2.3.
  it.each<[string, number[][]]>([
    ['one block', [[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]]],
    [
      'one block in two frames',
      [
        [0xf2, 0x48, 0xcd],
        [0xc9, 0xc9, 0x07, 0x00],
      ],
    ],
    ['a block without compression', [[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]]],
    ['a final block', [[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]]],
    ['two blocks', [[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]]],
  ])('inflates the RFC example with %s', async (_name, frames) => {
    const decompressor = new Decompressor(parameters());
    let message = '';
    for (const [i, frame] of frames.entries()) {
      message += await joined(decompressor, Buffer.from(frame), i === frames.length - 1);
    }
    expect(message).toBe('Hello.');
    decompressor.close();
  });

  it('keeps the window from message to message, as in the RFC example', async () => {
    const decompressor = new Decompressor(parameters());
    expect(await joined(decompressor, Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]))).toBe('Hello.');
    expect(await joined(decompressor, Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00]))).toBe('Hello.');
    decompressor.close();
  });

  it('resets the window with client_no_context_takeover', async () => {
    const decompressor = new Decompressor(parameters({ clientNoContextTakeover: true }));
    expect(await joined(decompressor, Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]))).toBe('Hello.');
    await expect(joined(decompressor, Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00]))).rejects.toMatchObject({
      closeStatus: 1007,
    });
    decompressor.close();
  });

  it('continues after a final block, with the next block and with the next message', async () => {
    const decompressor = new Decompressor(parameters());
    const final = Buffer.from([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    expect(await joined(decompressor, Buffer.concat([final, final, deflated('again')]))).toBe('HelloHelloagain.');
    expect(await joined(decompressor, final, false)).toBe('Hello');
    expect(await joined(decompressor, final, false)).toBe('Hello');
    expect(await joined(decompressor, Buffer.from([0x00]))).toBe('.');
    expect(await joined(decompressor, deflated('again'))).toBe('again.');
    decompressor.close();
  });

  it('rejects invalid deflated data after a final block', async () => {
    const decompressor = new Decompressor(parameters());
    const final = Buffer.from([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0xff]);
    await expect(joined(decompressor, final)).rejects.toMatchObject({ closeStatus: 1007 });
    decompressor.close();
  });

  it.each<[string, Buffer[], string]>([
    ['a message without bytes', [Buffer.alloc(0)], '.'],
    ['a truncated final block', [Buffer.from([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])], 'Hello.'],
    [
      'a truncated final block in its own frame',
      [Buffer.from([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), Buffer.alloc(0)],
      'Hello.',
    ],
  ])('inflates %s, and the message after it', async (_name, frames, expected) => {
    const decompressor = new Decompressor(parameters());
    let message = '';
    for (const [i, frame] of frames.entries()) {
      message += await joined(decompressor, frame, i === frames.length - 1);
    }
    expect(message).toBe(expected);
    expect(await joined(decompressor, deflated('again'))).toBe('again.');
    decompressor.close();
  });

  it('inflates an empty message', async () => {
    const decompressor = new Decompressor(parameters());
    expect(await inflate(decompressor, Buffer.from([0x00]))).toEqual(['.']);
    expect(await inflate(decompressor, Buffer.from([0x02, 0x00]))).toEqual(['.']);
    decompressor.close();
  });

  it('inflates a message that arrives byte by byte', async () => {
    const decompressor = new Decompressor(parameters());
    const bytes = deflated('How much wood would a woodchuck chuck?');
    let message = '';
    for (let at = 0; at < bytes.length; at++) {
      message += await joined(decompressor, bytes.subarray(at, at + 1), at === bytes.length - 1);
    }
    expect(message).toBe('How much wood would a woodchuck chuck?.');
    decompressor.close();
  });

  it.each<[string, Buffer]>([
    ['bytes that are not deflated data', Buffer.from([0x06, 0xff, 0xff, 0xff])],
    ['a distance beyond the window', Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00])],
  ])('rejects %s with 1007', async (_name, bytes) => {
    const decompressor = new Decompressor(parameters());
    await expect(joined(decompressor, bytes)).rejects.toMatchObject({ name: 'ProtocolError', closeStatus: 1007 });
    decompressor.close();
  });

  it('inflates a decompression bomb only as far as its receiver reads', async () => {
    const decompressor = new Decompressor(parameters());
    const bomb = deflated(Buffer.alloc(64 * 1024 * 1024));
    let taken = 0;
    let release: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => {
      void decompressor.decompress(bomb, true, (bytes) => {
        taken += bytes.length;
        resolve();
        return new Promise((go) => (release = go));
      });
    });
    await stopped;
    const before = taken;
    // Other messages are inflated meanwhile.
    const others = Array.from({ length: 20 }, () => new Decompressor(parameters()));
    expect(await Promise.all(others.map((other) => joined(other, deflated('hello'))))).toEqual(
      others.map(() => 'hello.'),
    );
    expect(taken).toBe(before);
    expect(taken).toBeLessThan(1024 * 1024);
    others.forEach((other) => other.close());
    decompressor.close();
    release?.();
  });

  it('ends without a result when it is closed during inflation', async () => {
    const decompressor = new Decompressor(parameters());
    const outputs = inflate(decompressor, deflated('never seen'));
    decompressor.close();
    expect(await outputs).toEqual([]);
    expect(await inflate(decompressor, deflated('nor this'))).toEqual([]);
  });

  describe('at once', () => {
    const final = Buffer.from([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    const withoutTakeover = { clientNoContextTakeover: true };

    it.each<[string, Partial<DeflateParameters>, Buffer]>([
      ['one of several that share a window', {}, deflated('Hello')],
      ['one that becomes larger than wanted', withoutTakeover, deflated(Buffer.alloc(1001))],
      ['one that goes on after a final block', withoutTakeover, Buffer.concat([final, deflated('again')])],
      ['bytes that are not deflated data', withoutTakeover, Buffer.from([0x06, 0xff, 0xff, 0xff])],
      ['a large one', withoutTakeover, Buffer.alloc(16_385)],
    ])('leaves alone %s', (_name, agreed, message) => {
      expect(new Decompressor(parameters(agreed)).decompressAtOnce(message, 1000)).toBeUndefined();
    });

    it('inflates a message that fits', () => {
      const decompressor = new Decompressor(parameters(withoutTakeover));
      expect(decompressor.decompressAtOnce(deflated('x'.repeat(1000)), 1000)?.toString()).toBe('x'.repeat(1000));
    });
  });

  it('inflates on a stream of another connection what has no window in common with it', async () => {
    const agreed = parameters({ clientNoContextTakeover: true });
    for (const bytes of [Buffer.alloc(100_000, 'one'), Buffer.alloc(90_000, 'other')]) {
      const decompressor = new Decompressor(agreed);
      expect(await joined(decompressor, deflated(bytes))).toBe(`${bytes.toString()}.`);
      decompressor.close();
    }
    const distance = new Decompressor(agreed);
    await expect(joined(distance, Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00]))).rejects.toMatchObject({
      closeStatus: 1007,
    });
    distance.close();
  });
});
