import { continuation, ping } from '../libs/websockets/protocol/client-frame.js';
import {
  answersTo,
  closed,
  compressed,
  compressedBinary,
  compressedInParts,
  compressedText,
  failed,
} from './compressed-exchange.js';
import { DeflateBlocks } from './deflate-blocks.js';
import { DeflateWindow, deflated } from './deflate-window.js';
import { echoInMemory, exchange } from './exchange.js';
import { partsOf, textOf } from './payloads.js';
import { answer, readAnswers } from './server-frames.js';
import { badSequences, cutCharacters, goodTexts } from './utf-8-sequences.js';
import './wire-matchers.js';

/** The offsets of a sequence: the last is the end of one inflated chunk. */
const distances = [0, 47, 767, 16_383];

/** The frames of one compressed text, each of which inflates on its own. */
function inFrames(parts: readonly Buffer[]): Buffer[] {
  return compressedInParts(
    1,
    parts.map((part, i) => {
      const block = new DeflateBlocks().stored(part);
      return i === parts.length - 1 ? block.toPayload() : block.toBuffer();
    }),
  );
}

const open = echoInMemory({}, 'permessage-deflate');

describe.each(badSequences)('RFC 6455 8.1: compressed text with $what', ({ bytes, wrongAt }) => {
  it('closes with 1007 at every offset in a message', async () => {
    for (const distance of distances) {
      const message = Buffer.concat([textOf(distance), bytes, textOf(60)]);
      const answers = readAnswers(await exchange(open, compressedText(message)), new DeflateWindow());
      expect(answers.at(-1)).toEqual(failed(1007));
    }
  });

  it('closes with 1007 when two frames split it anywhere', async () => {
    const message = Buffer.concat([Buffer.from('κ'), bytes, Buffer.from('x')]);
    for (let cut = 0; cut <= message.length; cut++) {
      const frames = inFrames([message.subarray(0, cut), message.subarray(cut)]);
      const answers = readAnswers(await exchange(open, frames), new DeflateWindow());
      // The bytes before the invalid one are valid so far, and are echoed when they have their own frame.
      const echo = cut > 0 && cut <= 2 + wrongAt ? [`unfinished ${answer(1, message.subarray(0, cut))}`] : [];
      expect(answers).toEqual([...echo, failed(1007)]);
    }
  });

  it('closes with 1007 at its invalid byte, before the end of the message', async () => {
    const message = Buffer.concat([Buffer.from('κ'), bytes.subarray(0, wrongAt + 1)]);
    const frames = inFrames([...partsOf(message, 1), Buffer.from('never sent')]).slice(0, -1);
    const answers = readAnswers(await exchange(open, frames), new DeflateWindow());
    expect(answers).toEqual([`unfinished ${answer(1, message.subarray(0, -1))}`, failed(1007)]);
  });

  it('is valid in a binary message', async () => {
    expect(await answersTo(open, [compressedBinary(bytes)])).toEqual([answer(2, bytes), closed]);
  });
});

describe.each(cutCharacters)('RFC 6455 8.1: compressed text that ends with $what', ({ bytes }) => {
  it('closes with 1007 at every length', async () => {
    for (const distance of distances) {
      const message = compressedText(Buffer.concat([textOf(distance), bytes]));
      const answers = readAnswers(await exchange(open, message), new DeflateWindow());
      expect(answers.at(-1)).toEqual(failed(1007));
    }
  });

  it('closes with 1007 at the end of the message, not before', async () => {
    const client = open();
    const [first] = inFrames([bytes, Buffer.alloc(0)]);
    await client.send(first);
    const header = await client.readBytes(2);
    const echo = await client.readBytes(header[1]);
    await client.send(ping('so far, so good'));
    const pong = await client.readBytes(17);
    await client.send(continuation(new DeflateBlocks().toPayload()));
    const answers = Buffer.concat([pong, header, echo, await client.readToEnd()]);
    expect(readAnswers(answers, new DeflateWindow())).toEqual([
      answer(10, 'so far, so good'),
      `unfinished ${answer(1, bytes)}`,
      failed(1007),
    ]);
  });
});

describe.each(goodTexts)('RFC 3629 4: compressed text with %s', (_what, characters) => {
  const bytes = Buffer.from(characters);

  it('is echoed when two frames split it anywhere', async () => {
    const cuts = Array.from({ length: bytes.length + 1 }, (_, cut) => [bytes.subarray(0, cut), bytes.subarray(cut)]);
    const answers = await answersTo(open, cuts.flatMap(inFrames));
    expect(answers).toEqual([...cuts.map(() => answer(1, bytes)), closed]);
  });

  it('is echoed with each byte in its own frame', async () => {
    expect(await answersTo(open, inFrames(partsOf(bytes, 1)))).toEqual([answer(1, bytes), closed]);
  });

  it('is echoed at every offset in a message', async () => {
    const messages = distances.map((distance) => Buffer.concat([textOf(distance), bytes]));
    const answers = await answersTo(open, messages.map(compressedText));
    expect(answers).toEqual([...messages.map((message) => answer(1, message)), closed]);
  });
});

describe('RFC 3629 3: the whole of Unicode', () => {
  const codePoints = Array.from({ length: 0x110000 }, (_, i) => i).filter((i) => i < 0xd800 || i > 0xdfff);
  const everyCharacter = Buffer.from(codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join(''));

  it.each([
    ['whole', Infinity],
    ['in frames of 997 bytes', 997],
  ])('is echoed in one compressed message, %s', async (_how, size) => {
    const payload = deflated(everyCharacter);
    const frames = compressedInParts(1, partsOf(payload, Math.min(size, payload.length)));
    expect(await answersTo(open, frames)).toEqual([answer(1, everyCharacter), closed]);
  });
});

it('RFC 6455 8.1: the server validates each message independently of earlier ones', async () => {
  const frames = [compressedText('κ'), compressedBinary(Buffer.from([0xe2, 0x82])), compressedText('ό')];
  const echo = [answer(1, 'κ'), answer(2, Buffer.from([0xe2, 0x82])), answer(1, 'ό')];
  expect(await answersTo(open, [...frames, compressed(1, deflated(Buffer.from([0xac])))])).toEqual([
    ...echo,
    failed(1007),
  ]);
});
