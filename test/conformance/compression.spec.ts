import { binary, clientFrame, continuation, ping, text } from '../libs/websockets/protocol/client-frame.js';
import { answersTo, closed, compressed, compressedBinary, compressedText } from './compressed-exchange.js';
import { DeflateBlocks } from './deflate-blocks.js';
import { DeflateWindow, deflated } from './deflate-window.js';
import { echoInMemory, exchange, goodbye } from './exchange.js';
import { binaryOf, textOf } from './payloads.js';
import { answer, readAnswers, readServerFrames } from './server-frames.js';

const MIB = 1024 * 1024;

const types = [
  { type: 'text', opcode: 1, payloadOf: textOf },
  { type: 'binary', opcode: 2, payloadOf: binaryOf },
] as const;

const open = echoInMemory({}, 'permessage-deflate');

describe.each(types)('RFC 7692 6: a compressed $type message', ({ opcode, payloadOf }) => {
  it.each([
    [0, 'whole'],
    [1, 'whole'],
    [125, 'whole'],
    [126, 'whole'],
    [127, 'whole'],
    [65535, 'whole'],
    [65536, 'whole'],
    [MIB, 'whole'],
    [16 * MIB, 'whole'],
    [0, 1],
    [1, 1],
    [125, 1],
    [126, 1],
    [127, 1],
    [65535, 997],
    [65536, 997],
    [MIB, 4093],
  ] as const)('of %i bytes is echoed and compressed, sent %s bytes at a time', async (length, pieceSize) => {
    const payload = payloadOf(length);
    const frames = [compressed(opcode, deflated(payload)), goodbye];
    const answers = await exchange(open, frames, pieceSize);
    expect(readAnswers(answers, new DeflateWindow())).toEqual([answer(opcode, payload), closed]);
    expect(readServerFrames(answers, true)[0].isCompressed).toBe(true);
  });

  it.each([7, 125, 126, 127, 65535, 65536, 65541])('with a payload of %i bytes is echoed', async (length) => {
    const message = payloadOf(length - 6);
    const payload = new DeflateBlocks().stored(message).toPayload();
    expect(payload).toHaveLength(length);
    expect(await answersTo(open, [compressed(opcode, payload)])).toEqual([answer(opcode, message), closed]);
  });
});

it('RFC 7692 6: messages that arrive together are echoed in order, text and binary, pings included', async () => {
  const window = new DeflateWindow();
  const numbers = Array.from({ length: 500 }, (_, i) => i);
  const frames = numbers.map((i) => compressed(1 + (i % 2), window.deflate(`message ${i}`)));
  expect(await answersTo(open, frames)).toEqual([...numbers.map((i) => answer(1 + (i % 2), `message ${i}`)), closed]);

  const answers = await answersTo(open, [compressedText('a'), ping('1'), compressedBinary('b'), ping('2')]);
  expect(answers.filter((line) => line.startsWith('pong'))).toEqual([answer(10, '1'), answer(10, '2')]);
  expect(answers.filter((line) => !line.startsWith('pong'))).toEqual([answer(1, 'a'), answer(2, 'b'), closed]);
});

describe('RFC 7692 6: a message without RSV1 is not compressed', () => {
  it('and is echoed, whole and in fragments, between compressed messages', async () => {
    const window = new DeflateWindow();
    const frames = [
      compressed(1, window.deflate('Hello, hello')),
      text('plain'),
      text('pl', false),
      ping(''),
      continuation('ain'),
      binary(binaryOf(70_000)),
      // The window does not contain uncompressed messages (section 7.2.1).
      compressed(1, window.deflate('Hello, hello again')),
      clientFrame({ opcode: 2 }),
      compressed(2, window.deflate('Hello')),
    ];
    const answers = await answersTo(open, frames);
    expect(answers.filter((line) => !line.startsWith('pong'))).toEqual([
      answer(1, 'Hello, hello'),
      answer(1, 'plain'),
      answer(1, 'plain'),
      answer(2, binaryOf(70_000)),
      answer(1, 'Hello, hello again'),
      answer(2, ''),
      answer(2, 'Hello'),
      closed,
    ]);
  });

  it('when its payload is deflated data', async () => {
    const payload = deflated('Hello');
    expect(await answersTo(open, [binary(payload)])).toEqual([answer(2, payload), closed]);
  });
});

describe('RFC 6455 5.5.1: the server answers a close', () => {
  it('after the whole echo of compressed messages', async () => {
    const messages = Array.from({ length: 20 }, (_, i) => binaryOf(i * 10_000));
    const answers = await answersTo(open, messages.map(compressedBinary));
    expect(answers).toEqual([...messages.map((message) => answer(2, message)), closed]);
  });

  it('inside a compressed message', async () => {
    const part = new DeflateBlocks().stored('Hel').toBuffer();
    expect(await answersTo(open, [compressed(1, part, false)])).toEqual([`unfinished ${answer(1, 'Hel')}`, closed]);
    expect(await answersTo(open, [compressed(1, '', false)])).toEqual([closed]);
  });
});

describe('RFC 6455 7.1.5: when the connection ends without a close frame, the server sends all pending frames', () => {
  it.each([
    ['after a message', [compressedText('Hi')], [answer(1, 'Hi')]],
    [
      'after messages',
      [compressedText('Hi'), text('a'), compressedText('b')],
      ['Hi', 'a', 'b'].map((s) => answer(1, s)),
    ],
    ['after a large message', [compressedBinary(binaryOf(MIB))], [answer(2, binaryOf(MIB))]],
    ['inside a frame', [compressedText('Hi'), compressedText('Hi').subarray(0, 7)], [answer(1, 'Hi')]],
    [
      'inside a message',
      [compressed(1, new DeflateBlocks().stored('Hel').toBuffer(), false)],
      [`unfinished ${answer(1, 'Hel')}`],
    ],
  ])('%s', async (_name, frames, echo) => {
    const client = open();
    await client.send(Buffer.concat(frames));
    client.end();
    expect(readAnswers(await client.readToEnd(), new DeflateWindow())).toEqual(echo);
  });
});
