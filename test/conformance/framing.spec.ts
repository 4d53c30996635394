import { binary, clientFrame, text } from '../libs/websockets/protocol/client-frame.js';
import { echoInMemory, exchange, farewell, goodbye, NORMAL_CLOSURE } from './exchange.js';
import { binaryOf, textOf } from './payloads.js';
import { answer, readAnswers, serverFrame } from './server-frames.js';
import './wire-matchers.js';

const MIB = 1024 * 1024;

const types = [
  { type: 'text', opcode: 1, payloadOf: textOf },
  { type: 'binary', opcode: 2, payloadOf: binaryOf },
] as const;

/** A binary frame whose length field has 2 or 8 bytes, even if fewer are enough; the masking key is 0. */
function frameWithLength(
  opcode: number,
  lengthBytes: 2 | 8,
  length: bigint,
  payload: string | Uint8Array = '',
): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigUInt64BE(length);
  return Buffer.concat([
    Buffer.from([0x80 | opcode, lengthBytes === 2 ? 0xfe : 0xff]),
    field.subarray(8 - lengthBytes),
    Buffer.alloc(4),
    Buffer.from(payload as string),
  ]);
}

const open = echoInMemory();

describe.each(types)('RFC 6455 5.2: a $type message', ({ opcode, payloadOf }) => {
  it.each([0, 1, 2, 3, 4, 5, 7, 15, 16, 17, 47, 48, 49, 124, 125, 126, 127, 128, 255, 256, 767, 768, 769, 4096, 16000])(
    'of %i bytes that arrives whole is echoed as one frame',
    async (length) => {
      const payload = payloadOf(length);
      const answers = await exchange(open, [clientFrame({ opcode, payload }), goodbye]);
      expect(answers).toBeBytes(serverFrame(opcode, payload), farewell);
    },
  );

  it.each([
    [65535, 'whole'],
    [65536, 'whole'],
    [MIB, 'whole'],
    [16 * MIB, 'whole'],
    [0, 1],
    [1, 1],
    [125, 1],
    [126, 1],
    [127, 1],
    [128, 1],
    [1000, 1],
    [65535, 997],
    [65536, 997],
    [65536, 4093],
    [MIB, 997],
    [16 * MIB, 65521],
  ] as const)('of %i bytes is echoed, sent %s bytes at a time', async (length, pieceSize) => {
    const payload = payloadOf(length);
    const answers = await exchange(open, [clientFrame({ opcode, payload }), goodbye], pieceSize);
    expect(readAnswers(answers)).toEqual([answer(opcode, payload), answer(8, NORMAL_CLOSURE)]);
  });
});

describe('RFC 6455 5.2: messages', () => {
  it('that arrive in one chunk are echoed in order, each in its own frame', async () => {
    const messages = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? text(`message ${i}`) : binary(`${i}`)));
    const echoes = messages.map((_, i) => (i % 2 === 0 ? serverFrame(1, `message ${i}`) : serverFrame(2, `${i}`)));
    const answers = await exchange(open, [...messages, goodbye]);
    expect(readAnswers(answers)).toEqual(readAnswers(Buffer.concat([...echoes, farewell])));
  });
});

describe('RFC 6455 5.3: a masking key', () => {
  it.each<{ key: [number, number, number, number] }>([
    { key: [0, 0, 0, 0] },
    { key: [0xff, 0xff, 0xff, 0xff] },
    { key: [0x80, 0, 0, 0] },
    { key: [0, 0, 0, 0x80] },
    { key: [0x7f, 0x80, 0xfe, 0x01] },
    { key: [1, 2, 3, 4] },
  ])('of $key is removed, at every length and alignment', async ({ key }) => {
    const payloads = Array.from({ length: 70 }, (_, i) => binaryOf(i)).concat([767, 768, 1001, 4099].map(binaryOf));
    const answers = await exchange(open, [
      ...payloads.map((payload) => clientFrame({ opcode: 2, payload, key })),
      goodbye,
    ]);
    expect(answers).toBeBytes(...payloads.map((payload) => serverFrame(2, payload)), farewell);
  });
});

describe('RFC 6455 5.1: an unmasked frame closes with 1002', () => {
  it.each([
    ['text', 1, 'Hello'],
    ['binary', 2, 'Hello'],
    ['empty text', 1, ''],
    ['a ping', 9, 'Hello'],
    ['a pong', 10, ''],
    ['a close', 8, Buffer.from([0x03, 0xe8])],
  ])('%s', async (_name, opcode, payload) => {
    const frame = clientFrame({ opcode, payload, masked: false });
    expect(await exchange(open, frame)).toBeFailure(1002);
    expect(await exchange(open, [text('Hi'), frame])).toBeFailure(1002, serverFrame(1, 'Hi'));
    // The second byte is enough: the rest has not arrived.
    expect(await exchange(open, frame.subarray(0, 2), 1)).toBeFailure(1002);
  });

  it('a continuation', async () => {
    const frames = [text('Hel', false), clientFrame({ opcode: 0, payload: 'lo', masked: false })];
    expect(await exchange(open, frames)).toBeFailure(1002, serverFrame(1, 'Hel', false));
  });
});

describe('RFC 6455 5.2: a length field', () => {
  it.each([
    [2, 0],
    [2, 1],
    [2, 125],
    [8, 0],
    [8, 1],
    [8, 125],
    [8, 126],
    [8, 65535],
  ] as const)(
    'of %i bytes for a payload of %i bytes is accepted, and answered with the shortest one',
    async (bytes, length) => {
      const payload = binaryOf(length);
      const answers = await exchange(open, [frameWithLength(2, bytes, BigInt(length), payload), goodbye]);
      expect(readAnswers(answers)).toEqual([answer(2, payload), answer(8, NORMAL_CLOSURE)]);
    },
  );

  it.each([0x8000000000000000n, 0x8000000000000001n, 0xffffffffffffffffn, 0x8000000100000000n])(
    'with its top bit set, as %i, closes with 1002',
    async (length) => {
      expect(await exchange(open, frameWithLength(2, 8, length))).toBeFailure(1002);
      expect(await exchange(open, frameWithLength(1, 8, length), 1)).toBeFailure(1002);
    },
  );

  // Section 10.4 allows a limit on the frame size. An implementation that counts in doubles needs one.
  it.each([0x0020000000000000n, 0x7fffffffffffffffn])('of 2^53 or more, as %i, closes with 1009', async (length) => {
    expect(await exchange(open, frameWithLength(2, 8, length))).toBeFailure(1009);
  });

  it('of 2^53 - 1 does not delay the echo of the bytes that have arrived', async () => {
    const client = open();
    await client.send(frameWithLength(2, 8, 2n ** 53n - 1n, 'abc'));
    expect(await client.readBytes(5)).toBeBytes(serverFrame(2, 'abc', false));
    await client.send(Buffer.from('def'));
    expect(await client.readBytes(5)).toBeBytes(serverFrame(0, 'def', false));
    client.end();
    expect(await client.readToEnd()).toBeBytes();
  });
});
