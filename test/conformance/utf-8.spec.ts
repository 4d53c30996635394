import { binary, clientFrame, continuation, ping, text } from '../libs/websockets/protocol/client-frame.js';
import { echoInMemory, exchange, farewell, goodbye, NORMAL_CLOSURE } from './exchange.js';
import { partsOf, textOf } from './payloads.js';
import { answer, readAnswers, serverFrame } from './server-frames.js';
import { badSequences, cutCharacters, goodTexts } from './utf-8-sequences.js';
import './wire-matchers.js';

/** The offsets of a sequence: around the sizes from which the validator no longer looks at single bytes. */
const distances = [0, 1, 2, 3, 14, 15, 16, 17, 46, 47, 48, 49, 767, 768, 4095];

/** Splits a message into two frames. */
const inTwoFrames = (message: Buffer, at: number): Buffer[] => [
  text(message.subarray(0, at), false),
  continuation(message.subarray(at)),
];

const open = echoInMemory();

describe.each(badSequences)('RFC 6455 8.1: text with $what', ({ bytes, wrongAt }) => {
  it('closes with 1007 at every offset in a message', async () => {
    for (const [i, distance] of distances.entries()) {
      const after = textOf(i % 2 === 0 ? 0 : 60);
      expect(await exchange(open, text(Buffer.concat([textOf(distance), bytes, after])))).toBeFailure(1007);
    }
  });

  it('closes with 1007 when two frames split it anywhere', async () => {
    const message = Buffer.concat([Buffer.from('κ'), bytes, Buffer.from('x')]);
    for (let cut = 0; cut <= message.length; cut++) {
      // The bytes before the invalid one are valid so far, and are echoed when they have their own frame.
      const echo = cut <= 2 + wrongAt ? [serverFrame(1, message.subarray(0, cut), false)] : [];
      expect(await exchange(open, inTwoFrames(message, cut))).toBeFailure(1007, ...echo);
    }
  });

  it('closes with 1007 at its invalid byte, before the end of the frame', async () => {
    const client = open();
    const frame = text(Buffer.concat([Buffer.from('κ'), bytes, textOf(100)]));
    const prefix = frame.subarray(0, 6 + 2);
    await client.send(prefix);
    expect(await client.readBytes(4)).toBeBytes(serverFrame(1, 'κ', false));
    for (let i = 0; i < wrongAt; i++) {
      await client.send(frame.subarray(8 + i, 9 + i));
      expect(await client.readBytes(3)).toBeBytes(serverFrame(0, bytes.subarray(i, i + 1), false));
    }
    await client.send(frame.subarray(8 + wrongAt, 9 + wrongAt));
    expect(await client.readToEnd()).toBeFailure(1007);
  });

  it('closes with 1007 at its invalid byte, before the end of the message', async () => {
    const frames = [...bytes.subarray(0, wrongAt + 1)].map((byte) => continuation(Buffer.from([byte]), false));
    const echo = frames.slice(0, -1).map((_, i) => serverFrame(0, bytes.subarray(i, i + 1), false));
    const answers = await exchange(open, [text('κ', false), ...frames]);
    expect(answers).toBeFailure(1007, serverFrame(1, 'κ', false), ...echo);
  });

  it('is valid in a binary message', async () => {
    expect(await exchange(open, [binary(bytes), goodbye])).toBeBytes(serverFrame(2, bytes), farewell);
  });
});

describe.each(cutCharacters)('RFC 6455 8.1: text that ends with $what', ({ bytes }) => {
  it('closes with 1007 at every length', async () => {
    for (const distance of distances) {
      expect(await exchange(open, text(Buffer.concat([textOf(distance), bytes])))).toBeFailure(1007);
    }
  });

  it('closes with 1007 at the end of the message, not before', async () => {
    const client = open();
    await client.send(Buffer.concat([text(bytes, false), ping('so far, so good')]));
    const echo = [serverFrame(1, bytes, false), serverFrame(10, 'so far, so good')];
    expect(await client.readBytes(Buffer.concat(echo).length)).toBeBytes(...echo);
    await client.send(continuation(''));
    expect(await client.readToEnd()).toBeFailure(1007);
  });

  it('closes with 1007 when it arrives byte by byte', async () => {
    expect(readAnswers(await exchange(open, text(bytes), 1)).at(-1)).toMatch(/^close 03ef/);
  });

  it('is valid in a binary message', async () => {
    expect(await exchange(open, [binary(bytes), goodbye])).toBeBytes(serverFrame(2, bytes), farewell);
  });
});

describe.each(goodTexts)('RFC 3629 4: text with %s', (_what, characters) => {
  const bytes = Buffer.from(characters);

  it('is echoed at every offset in a message', async () => {
    const messages = distances.flatMap((distance) => [
      Buffer.concat([textOf(distance), bytes]),
      Buffer.concat([textOf(distance), bytes, textOf(60)]),
    ]);
    const answers = await exchange(open, [...messages.map((message) => text(message)), goodbye]);
    const echo = messages.map((message) => serverFrame(1, message));
    expect(readAnswers(answers)).toEqual(readAnswers(Buffer.concat([...echo, farewell])));
  });

  it('is echoed when two frames split it anywhere, with a ping between them', async () => {
    const cuts = Array.from({ length: bytes.length + 1 }, (_, cut) => cut);
    const frames = cuts.flatMap((cut) => {
      const [first, second] = inTwoFrames(bytes, cut);
      return [first, ping(''), second];
    });
    const echo = cuts.flatMap((cut) => [
      serverFrame(1, bytes.subarray(0, cut), false),
      serverFrame(10),
      serverFrame(0, bytes.subarray(cut)),
    ]);
    const answers = await exchange(open, [...frames, goodbye]);
    expect(readAnswers(answers)).toEqual(readAnswers(Buffer.concat([...echo, farewell])));
  });

  it('is echoed with each byte in its own frame', async () => {
    const frames = [...bytes].map((byte, i) =>
      clientFrame({ opcode: i === 0 ? 1 : 0, payload: Buffer.from([byte]), fin: i === bytes.length - 1 }),
    );
    const echo = [...bytes].map((byte, i) => serverFrame(i === 0 ? 1 : 0, Buffer.from([byte]), i === bytes.length - 1));
    expect(await exchange(open, [...frames, goodbye])).toBeBytes(...echo, farewell);
  });

  it('is echoed when it arrives byte by byte', async () => {
    const answers = await exchange(open, [text(bytes), goodbye], 1);
    expect(readAnswers(answers)).toEqual([answer(1, bytes), answer(8, NORMAL_CLOSURE)]);
  });
});

describe('RFC 3629 3: the whole of Unicode', () => {
  const codePoints = Array.from({ length: 0x110000 }, (_, i) => i).filter((i) => i < 0xd800 || i > 0xdfff);
  const everyCharacter = Buffer.from(codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join(''));

  it.each([
    ['whole', everyCharacter.length],
    ['in frames of 1000 bytes', 1000],
    ['in frames of 67 bytes', 67],
  ])('is echoed in one message, %s', async (_how, size) => {
    const parts = partsOf(everyCharacter, size);
    const frames = parts.map((part, i) =>
      clientFrame({ opcode: i === 0 ? 1 : 0, payload: part, fin: i === parts.length - 1 }),
    );
    const answers = await exchange(open, [...frames, goodbye]);
    expect(readAnswers(answers)).toEqual([answer(1, everyCharacter), answer(8, NORMAL_CLOSURE)]);
  });
});

it('RFC 6455 8.1: the server validates each message independently of earlier ones', async () => {
  const frames = [text('κ'), binary(Buffer.from([0xe2, 0x82])), text('ό'), text(Buffer.from([0xac]))];
  const echo = [serverFrame(1, 'κ'), serverFrame(2, Buffer.from([0xe2, 0x82])), serverFrame(1, 'ό')];
  expect(await exchange(open, frames)).toBeFailure(1007, ...echo);
});
