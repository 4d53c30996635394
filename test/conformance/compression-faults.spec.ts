import { constants, inflateRawSync } from 'node:zlib';
import { clientFrame, continuation, text } from '../libs/websockets/protocol/client-frame.js';
import { answersTo, closed, compressed, compressedInParts, compressedText, failed } from './compressed-exchange.js';
import { DeflateBlocks } from './deflate-blocks.js';
import { DeflateWindow, deflated, TAIL } from './deflate-window.js';
import { echoInMemory, exchange, NORMAL_CLOSURE, type Open } from './exchange.js';
import { answer, readAnswers } from './server-frames.js';
import './wire-matchers.js';

const blocks = (): DeflateBlocks => new DeflateBlocks();

const reservedBits = [
  ['RSV1', 4],
  ['RSV2', 2],
  ['RSV3', 1],
  ['RSV1 and RSV2', 6],
  ['RSV1 and RSV3', 5],
  ['RSV2 and RSV3', 3],
  ['all three', 7],
] as const;

const opcodes = [
  ['text', 1],
  ['binary', 2],
  ['a continuation', 0],
  ['a ping', 9],
  ['a pong', 10],
  ['a close', 8],
] as const;

/** Bytes that no deflated data begins with (RFC 1951 section 3.2). */
const corrupt: readonly (readonly [what: string, payload: Buffer])[] = [
  ['a block of the reserved type', blocks().head(3).toPayload()],
  ['a final block of the reserved type', blocks().head(3, true).toPayload()],
  ['the reserved type after a block', blocks().fixed(['Hi']).head(3).toPayload()],
  ['the reserved type after a final block', blocks().fixed(['Hi'], true).head(3).toPayload()],
  ['a stored block with a wrong length check', Buffer.from([0x00, 0x05, 0x00, 0xfa, 0xfe])],
  [
    'a reference before the first byte',
    blocks()
      .fixed([{ length: 3, distance: 1 }])
      .toPayload(),
  ],
  [
    'a reference one byte too far back',
    blocks()
      .fixed(['abc', { length: 3, distance: 4 }])
      .toPayload(),
  ],
  [
    'a reference beyond the largest window',
    blocks()
      .fixed(['abc', { length: 3, distance: 32_768 }])
      .toPayload(),
  ],
  ['a length that means nothing, 286', blocks().head(1).symbol(97).symbol(286).toPayload()],
  ['a length that means nothing, 287', blocks().head(1).symbol(97).symbol(287).toPayload()],
  ['a distance that means nothing, 30', blocks().head(1).symbol(97).symbol(257).code(30, 5).toPayload()],
  ['a distance that means nothing, 31', blocks().head(1).symbol(97).symbol(257).code(31, 5).toPayload()],
  // Dynamic blocks: HLIT, HDIST and HCLEN, then the lengths of the code length codes for 16, 17, 18, 0, 8, 7 and so on.
  ['too many literal codes', blocks().head(2).bits(31, 5).bits(0, 5).bits(0, 4).toPayload()],
  ['too many distance codes', blocks().head(2).bits(0, 5).bits(31, 5).bits(0, 4).toPayload()],
  [
    'an oversubscribed code',
    Buffer.concat([blocks().head(2).bits(0, 10).bits(15, 4).toBuffer(), Buffer.alloc(8, 0x49)]),
  ],
  [
    'a repetition without a previous length',
    blocks().head(2).bits(0, 14).bits(1, 3).bits(0, 6).bits(1, 3).code(1, 1).bits(0, 2).toPayload(),
  ],
  ['no end-of-block code', withoutEndOfBlock()],
  ['bytes of 0xFF', Buffer.alloc(20, 0xff)],
];

/** A dynamic block with codes for the bytes 0 and 1 only, so that it can never end. */
function withoutEndOfBlock(): Buffer {
  const dynamic = blocks().head(2).bits(0, 10).bits(14, 4);
  for (let i = 0; i < 18; i++) {
    // The lengths 0 and 1 have the fourth and last position here.
    dynamic.bits(i === 3 || i === 17 ? 1 : 0, 3);
  }
  dynamic.code(1, 1).code(1, 1);
  for (let i = 2; i < 258; i++) {
    dynamic.code(0, 1);
  }
  return dynamic.toPayload();
}

/** Sends frames, each after the echo of the previous one, and then bytes that fail the connection. */
async function failureAfter(open: Open, frames: readonly Buffer[], bytes: Buffer): Promise<string[]> {
  const client = open();
  const received: Buffer[] = [];
  for (const frame of frames) {
    await client.send(frame);
    const header = await client.readBytes(2);
    received.push(header, await client.readBytes(header[1]));
  }
  await client.send(bytes);
  return readAnswers(Buffer.concat([...received, await client.readToEnd()]), new DeflateWindow());
}

const open = echoInMemory({}, 'permessage-deflate');

const withoutTakeover = echoInMemory({}, 'permessage-deflate; client_no_context_takeover');

describe.each(opcodes)('RFC 7692 6: a reserved bit without a meaning in %s closes with 1002:', (_kind, opcode) => {
  const isData = opcode < 8;
  const payload = opcode === 8 ? NORMAL_CLOSURE : deflated('Hello');
  const part = compressed(1, blocks().stored('Hel').toBuffer(), false);

  it.each(reservedBits.filter(([, bits]) => bits !== 4 || opcode === 0 || !isData))('%s', async (_name, reserved) => {
    const frame = clientFrame({ opcode, reserved, payload });
    const before = opcode === 0 ? [part] : [compressedText('Hi')];
    const echo = opcode === 0 ? `unfinished ${answer(1, 'Hel')}` : answer(1, 'Hi');
    expect(await failureAfter(open, before, frame)).toEqual([echo, failed(1002)]);
    // The first byte is enough: the second has not arrived.
    expect(await failureAfter(open, before, frame.subarray(0, 1))).toEqual([echo, failed(1002)]);
    const inPlainMessage = await failureAfter(open, [text('Hel', false)], frame);
    expect(inPlainMessage).toEqual([`unfinished ${answer(1, 'Hel')}`, failed(1002)]);
  });
});

it.each([3, 7, 11, 15])('RFC 6455 5.2: the opcode %i closes with 1002, with and without RSV1', async (opcode) => {
  expect(await exchange(open, compressed(opcode, deflated('Hello')))).toBeFailure(1002);
});

it.each([
  [
    'compressed text in a compressed message',
    compressed(1, blocks().stored('Hel').toBuffer(), false),
    compressedText('lo'),
  ],
  ['compressed text in a plain message', text('Hel', false), compressedText('lo')],
  ['plain text in a compressed message', compressed(1, blocks().stored('Hel').toBuffer(), false), text('lo')],
])('RFC 6455 5.4: %s closes with 1002', async (_what, first, second) => {
  expect(await failureAfter(open, [first], second)).toEqual([`unfinished ${answer(1, 'Hel')}`, failed(1002)]);
});

describe('RFC 7692 7.2.2: invalid deflated data closes with 1007:', () => {
  it.each(corrupt)('%s', async (_what, payload) => {
    const whole = compressed(2, payload);
    expect(await exchange(open, whole)).toBeFailure(1007);
    expect(await exchange(open, [whole, text('never answered'), compressedText('nor this')])).toBeFailure(1007);
    expect(readAnswers(await exchange(open, whole, 1), new DeflateWindow()).at(-1)).toEqual(failed(1007));
    expect(await exchange(open, [compressed(2, '', false), continuation(payload)])).toBeFailure(1007);
    // The message is not complete, and neither is its frame.
    expect(await exchange(open, compressed(2, payload, false))).toBeFailure(1007);
    expect(await exchange(open, compressed(2, Buffer.concat([payload, Buffer.alloc(5)])).subarray(0, -5))).toBeFailure(
      1007,
    );

    expect(await failureAfter(withoutTakeover, [compressedText('Hi'), text('Hi')], compressed(1, payload))).toEqual([
      answer(1, 'Hi'),
      answer(1, 'Hi'),
      failed(1007),
    ]);
  });

  it('a reference into an earlier message after no_context_takeover', async () => {
    const window = new DeflateWindow();
    const frames = [compressed(1, window.deflate('Hello')), compressed(1, window.deflate('Hello'))];
    const answers = readAnswers(await exchange(withoutTakeover, frames), new DeflateWindow());
    expect(answers).toEqual([answer(1, 'Hello'), failed(1007)]);
  });

  it('a message after one that kept its last four bytes', async () => {
    const kept = compressed(1, Buffer.concat([deflated('Hello'), TAIL]));
    expect(await answersTo(open, [kept])).toEqual([answer(1, 'Hello'), closed]);
    expect(await answersTo(open, [kept, compressedText('Hello')])).toEqual([answer(1, 'Hello'), failed(1007)]);
  });
});

describe('RFC 7692 7.2.2: a truncated payload', () => {
  const message = Array.from({ length: 40 }, (_, i) => `${i * i} `).join('');

  it.each([
    ['a stored block', deflated(message, { level: 0 })],
    ['a fixed block', deflated(message, { strategy: constants.Z_FIXED })],
    ['a dynamic block', deflated(message)],
  ])('closes with 1007, or is echoed as far as zlib inflates it: %s', async (_kind, payload) => {
    let refused = 0;
    for (let length = 1; length < payload.length; length++) {
      const prefix = payload.subarray(0, length);
      const expected = inflatedByZlib(prefix);
      const answers = await answersTo(open, [compressed(2, prefix)]);
      if (expected === undefined) {
        refused++;
        expect(answers.at(-1)).toEqual(failed(1007));
      } else {
        expect(answers).toEqual([answer(2, expected), closed]);
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('is not a message before it ends', async () => {
    const [first] = compressedInParts(1, [deflated(message).subarray(0, -3), Buffer.alloc(3)]);
    const [line, ...rest] = await answersTo(open, [first]);
    expect(line).toMatch(/^unfinished text /);
    expect(rest).toEqual([closed]);
  });
});

/** What zlib inflates the payload of a message to; undefined when zlib rejects it. */
function inflatedByZlib(payload: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}
