import { answersTo, closed, compressed, compressedBinary, compressedInParts } from './compressed-exchange.js';
import { DeflateBlocks } from './deflate-blocks.js';
import { DeflateWindow, deflated, TAIL } from './deflate-window.js';
import { echoInMemory, exchange, goodbye } from './exchange.js';
import { binaryOf, partsOf, textOf } from './payloads.js';
import { answer, readServerFrames } from './server-frames.js';

const KIB = 1024;
const MIB = KIB * KIB;

const blocks = (): DeflateBlocks => new DeflateBlocks();
const repeat = (times: number, add: (all: DeflateBlocks) => DeflateBlocks): DeflateBlocks =>
  Array.from({ length: times }).reduce<DeflateBlocks>(add, blocks());
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** Text that zlib compresses to a dynamic block. */
const dynamicText = Array.from({ length: 500 }, (_, i) => `${i * i} `).join('');
const dynamicBlock = deflated(dynamicText);

/** Payloads in their frames, and the text that they contain. */
const payloads: readonly (readonly [what: string, parts: readonly Buffer[], message: string])[] = [
  // These bytes are from section 7.2.3.
  ['a fixed block, as in the RFC', [hex('f2 48 cd c9 c9 07 00')], 'Hello'],
  ['a fixed block in two frames, as in the RFC', [hex('f2 48 cd'), hex('c9 c9 07 00')], 'Hello'],
  ['a stored block, as in the RFC', [hex('00 05 00 fa ff 48 65 6c 6c 6f 00')], 'Hello'],
  ['a final block, as in the RFC', [hex('f3 48 cd c9 c9 07 00 00')], 'Hello'],
  ['two blocks, as in the RFC', [hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')], 'Hello'],
  ['an empty message, as in the RFC', [hex('00')], ''],

  ['a dynamic block', [dynamicBlock], dynamicText],
  ['a dynamic block, each byte in its own frame', partsOf(dynamicBlock, 1), dynamicText],
  ['a fixed block that the test encodes', [blocks().fixed(['aé€😀']).toPayload()], 'aé€😀'],
  ['an empty fixed block', [blocks().fixed([]).toPayload()], ''],
  ['an empty stored block', [blocks().stored('').toPayload()], ''],
  ['only the block that ends every message', [blocks().toPayload()], ''],
  [
    'blocks of every kind that begin inside a byte',
    [blocks().fixed(['a']).fixed([]).fixed(['b']).stored('c').fixed(['d']).stored('').stored('e').toPayload()],
    'abcde',
  ],
  ['a thousand blocks', [repeat(1000, (all) => all.fixed(['x'])).toPayload()], 'x'.repeat(1000)],
  [
    'a thousand empty blocks',
    [
      repeat(1000, (all) => all.stored(''))
        .fixed(['x'])
        .toPayload(),
    ],
    'x',
  ],
  ['the largest stored block', [blocks().stored('y'.repeat(65_535)).toPayload()], 'y'.repeat(65_535)],
  [
    'references within the message',
    [
      blocks()
        .fixed(['ab', { length: 10, distance: 2 }, 'c', { length: 258, distance: 1 }])
        .toPayload(),
    ],
    `${'ab'.repeat(6)}${'c'.repeat(259)}`,
  ],
  [
    'a reference across blocks',
    [
      blocks()
        .stored('abc')
        .fixed([{ length: 3, distance: 3 }])
        .toPayload(),
    ],
    'abcabc',
  ],
  ['another empty block at the end', [Buffer.concat([deflated('Hello'), TAIL]), hex('00')], 'Hello'],

  // "The next DEFLATE block follows the padded data if any" (section 7.2.1).
  ['a final block that is stored', [blocks().stored('Hello', true).toPayload()], 'Hello'],
  ['an empty final block', [blocks().fixed([], true).toPayload()], ''],
  ['a final block before other blocks', [blocks().fixed(['Hel'], true).fixed(['l']).stored('o').toPayload()], 'Hello'],
  ['two final blocks', [blocks().fixed(['Hel'], true).fixed(['lo'], true).toPayload()], 'Hello'],
  ['a final block after another', [blocks().fixed(['Hel']).fixed(['lo'], true).toPayload()], 'Hello'],
  ['a hundred final blocks', [repeat(100, (all) => all.fixed(['x'], true)).toPayload()], 'x'.repeat(100)],
  [
    'a final block in its own frame',
    [blocks().fixed(['Hel'], true).toBuffer(), blocks().fixed(['lo']).toPayload()],
    'Hello',
  ],
  ['a final block and an empty frame', [blocks().fixed(['Hello'], true).toPayload(), Buffer.alloc(0)], 'Hello'],
  [
    'final blocks, each byte in its own frame',
    partsOf(blocks().fixed(['Hel'], true).stored('l', true).fixed(['o']).toPayload(), 1),
    'Hello',
  ],
  [
    'large final blocks',
    [blocks().stored('y'.repeat(60_000), true).stored('z'.repeat(60_000), true).fixed(['!']).toPayload()],
    `${'y'.repeat(60_000)}${'z'.repeat(60_000)}!`,
  ],

  // Some senders omit the byte that should remain of the empty block. The server accepts their messages.
  ['no bytes', [Buffer.alloc(0)], ''],
  ['no bytes in two frames', [Buffer.alloc(0), Buffer.alloc(0)], ''],
  ['a final block without the remaining byte', [blocks().fixed(['Hello'], true).toBuffer()], 'Hello'],
  [
    'a final block without the remaining byte, and an empty frame',
    [blocks().fixed(['Hello'], true).toBuffer(), Buffer.alloc(0)],
    'Hello',
  ],
];

const open = echoInMemory({}, 'permessage-deflate');

describe('RFC 7692 7.2.1: the server echoes a message, and the messages after it, that contains', () => {
  it.each(payloads)('%s', async (_what, parts, message) => {
    const frames = compressedInParts(1, parts);
    const more = [compressed(1, deflated('more'))];
    const expected = [answer(1, message), answer(1, 'more'), answer(1, message), answer(1, 'more'), closed];
    expect(await answersTo(open, [...frames, ...more, ...frames, ...more])).toEqual(expected);
    const largest = Math.max(...parts.map((part) => part.length));
    const inPieces = await answersTo(open, [...frames, ...more, ...frames, ...more], largest > 2000 ? 997 : 1);
    expect(inPieces).toEqual(expected);
  });

  it('a block that really is dynamic', () => {
    expect((dynamicBlock[0] >> 1) & 3).toBe(2);
  });
});

describe('RFC 7692 7.2.1: the window carries over from message to message', () => {
  it('from the client, across frames, types and sizes', async () => {
    const window = new DeflateWindow();
    const messages = [100, 5000, 5000, 100, 40_000, 40_000, 0, 100, 5000].map(binaryOf);
    const frames = messages.flatMap((message, i) =>
      compressedInParts(2 - (i % 2), partsOf(window.deflate(i % 2 === 0 ? message : textOf(message.length)), 700)),
    );
    const echo = messages.map((message, i) => (i % 2 === 0 ? answer(2, message) : answer(1, textOf(message.length))));
    expect(await answersTo(open, frames)).toEqual([...echo, closed]);
  });

  it('from the server, which compresses repeated data further', async () => {
    const client = open();
    await client.send(Buffer.concat([compressedBinary(binaryOf(4000)), compressedBinary(binaryOf(4000)), goodbye]));
    const [first, second] = readServerFrames(await client.readToEnd(), true);
    expect(first.payload.length).toBeGreaterThan(4000);
    expect(second.payload.length).toBeLessThan(400);
  });

  it('up to 32,768 bytes back', async () => {
    const first = binaryOf(32_768);
    const second = new DeflateBlocks().fixed([{ length: 258, distance: 32_768 }]).toPayload();
    expect(await answersTo(open, [compressedBinary(first), compressed(2, second)])).toEqual([
      answer(2, first),
      answer(2, first.subarray(0, 258)),
      closed,
    ]);
  });
});

describe('RFC 7692 8: a message that is small until it is inflated', () => {
  it.each([
    [64, 4],
    [8, 1000],
  ])('%i MiB of zeros in %i frames are echoed', async (size, count) => {
    const message = Buffer.alloc(size * MIB);
    const payload = deflated(message);
    const frames = compressedInParts(2, partsOf(payload, Math.ceil(payload.length / count)));
    expect(payload.length).toBeLessThan(message.length / 1000);
    expect(await answersTo(open, frames)).toEqual([answer(2, message), closed]);
  });
});

describe('With a receiveBufferSize of 4096, as in the ASP.NET Core sample,', () => {
  it.each([
    [0, [0]],
    [4095, [4095]],
    [4096, [4096]],
    [4097, [4096, 1]],
    [10_000, [4096, 4096, 1808]],
  ])('a compressed message of %i bytes is echoed in frames of %j', async (length, sizes) => {
    const answers = await exchange(echoInMemory({ receiveBufferSize: 4096 }, 'permessage-deflate'), [
      compressedBinary(textOf(length)),
      goodbye,
    ]);
    const window = new DeflateWindow();
    const frames = readServerFrames(answers, true).slice(0, -1);
    const parts = frames.map(({ payload }) => window.inflate(payload));
    expect(parts.map((part) => part.length)).toEqual(sizes);
    expect(Buffer.concat(parts)).toEqual(textOf(length));
  });
});
