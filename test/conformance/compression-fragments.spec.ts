import { continuation, ping, pong } from '../libs/websockets/protocol/client-frame.js';
import { answersTo, closed, compressed, compressedBinary, compressedInParts } from './compressed-exchange.js';
import { DeflateBlocks } from './deflate-blocks.js';
import { DeflateWindow, deflated } from './deflate-window.js';
import { echoInMemory, exchange, goodbye } from './exchange.js';
import { binaryOf, partsOf, textOf } from './payloads.js';
import { answer, readAnswers, readServerFrames } from './server-frames.js';

const MIB = 1024 * 1024;

/** Every way to split bytes in two, including empty parts. */
const cutsOf = (bytes: Buffer): Buffer[][] =>
  Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);

const open = echoInMemory({}, 'permessage-deflate');

describe('RFC 7692 6.1: a fragmented message with RSV1 on its first frame is echoed', () => {
  const message = textOf(80);
  const payload = deflated(message, { level: 0 });

  it('when it is split in two anywhere', async () => {
    for (const bytes of [payload, deflated(message)]) {
      const cuts = cutsOf(bytes);
      const frames = cuts.flatMap((parts) => compressedInParts(1, parts));
      expect(await answersTo(open, frames)).toEqual([...cuts.map(() => answer(1, message)), closed]);
    }
  });

  it('when it is split in three anywhere, with an empty fragment in the middle', async () => {
    const cuts = cutsOf(payload);
    const frames = cuts.flatMap(([start, end]) => compressedInParts(1, [start, Buffer.alloc(0), end]));
    expect(await answersTo(open, frames)).toEqual([...cuts.map(() => answer(1, message)), closed]);
  });

  it('when each byte has its own frame, between empty fragments', async () => {
    const parts = [Buffer.alloc(0), ...partsOf(payload, 1), Buffer.alloc(0)];
    expect(await answersTo(open, compressedInParts(1, parts))).toEqual([answer(1, message), closed]);
    expect(await answersTo(open, compressedInParts(1, parts), 1)).toEqual([answer(1, message), closed]);
  });

  it('with answers to the control frames between its fragments', async () => {
    const frames = compressedInParts(1, partsOf(payload, 10));
    const mixed = frames.flatMap((frame, i) => (i === 0 ? [frame] : [ping(`${i}`), pong('?'), frame]));
    const answers = await answersTo(open, mixed);
    expect(answers.filter((line) => line.startsWith('pong'))).toEqual(
      frames.slice(1).map((_, i) => answer(10, `${i + 1}`)),
    );
    expect(answers.filter((line) => !line.startsWith('pong'))).toEqual([answer(1, message), closed]);
  });

  it.each([
    [256 * 1024, 64],
    [MIB, 4096],
    [4 * MIB, MIB],
  ])('when it has %i bytes, in frames of %i', async (length, size) => {
    const large = binaryOf(length);
    const frames = compressedInParts(2, partsOf(deflated(large), size));
    expect(await answersTo(open, frames)).toEqual([answer(2, large), closed]);
  });

  it('with RSV1 and the opcode on the first frame only', async () => {
    const answers = await exchange(open, [...compressedInParts(1, [payload]), goodbye]);
    const large = await exchange(open, [compressedBinary(binaryOf(MIB)), goodbye]);
    for (const [bytes, opcode] of [
      [answers, 1],
      [large, 2],
    ] as const) {
      const frames = readServerFrames(bytes, true).slice(0, -1);
      expect(frames.map((frame) => [frame.opcode, frame.isCompressed])).toEqual(
        frames.map((_, i) => (i === 0 ? [opcode, true] : [0, false])),
      );
    }
    expect(readServerFrames(large, true).length).toBeGreaterThan(2);
  });

  it('before it is complete', async () => {
    const client = open();
    await client.send(compressed(1, new DeflateBlocks().stored('Hel').toBuffer(), false));
    const header = await client.readBytes(2);
    const first = await client.readBytes(header[1]);
    expect(header[0]).toBe(0x41);
    expect(new DeflateWindow().inflate(first).toString()).toBe('Hel');

    await client.send(Buffer.concat([continuation(new DeflateBlocks().stored('lo').toPayload()), goodbye]));
    const answers = Buffer.concat([header, first, await client.readToEnd()]);
    expect(readAnswers(answers, new DeflateWindow())).toEqual([answer(1, 'Hello'), closed]);
  });
});
