import type { WindowAgreement } from '../conformance/deflate-window.js';
import { transcribeCompressed, transcribeCompressedWithWs } from './compressed-transcripts.js';
import { differences, isSame, startsWith, type Difference } from './differences.js';
import { equivalentStream, type EquivalentStream } from './equivalent-stream.js';
import { clientFrame } from '../libs/websockets/protocol/client-frame.js';
import { readFrames } from './read-frames.js';
import { errorLine, type Transcript } from './transcripts.js';

/** A stream, its negotiated parameters, and the outcome. */
interface Case {
  readonly bytes: Buffer;
  readonly agreement: Required<WindowAgreement>;
  readonly ours: Transcript;
  readonly theirs: Transcript;
}

/** Deliberate differences from ws on a connection with compression. */
interface CompressedDifference extends Omit<Difference, 'explains'> {
  explains(given: Case): Promise<boolean>;
}

const [, topBit, cutOff] = differences;

export const compressedDifferences: readonly CompressedDifference[] = [
  {
    name: 'an invalid message fails at its first invalid byte, not at the end of its frame or message',
    section: 'RFC 6455 8.1, 7.1.7',
    example: 'c182 00000000 06',
    async explains({ bytes, agreement, ours, theirs }) {
      const before = ours.slice(0, -1);
      return (
        ours.at(-1) === errorLine(1007) &&
        startsWith(theirs, before) &&
        // ws reads on, but cannot have completed a message.
        theirs.slice(before.length).every((line) => !line.startsWith('text') && !line.startsWith('binary')) &&
        isSame(ours, await transcribeCompressedWithWs([await endedAtFault(bytes, agreement)], agreement))
      );
    },
  },
  {
    ...topBit,
    explains: ({ bytes, ours, theirs }) => Promise.resolve(topBit.explains(bytes, ours, theirs)),
  },
  {
    ...cutOff,
    async explains({ bytes, agreement, ours, theirs }) {
      const [shorter, longer] = ours.length < theirs.length ? [ours, theirs] : [theirs, ours];
      if (!isSame(longer.slice(0, -1), shorter) || longer.at(-1)?.startsWith('error') !== true) {
        return false;
      }
      // After more bytes both parsers are done, and earlier results do not change.
      const more = [Buffer.concat([bytes, Buffer.alloc(16)])];
      const oursThen = await transcribeCompressed(more, agreement);
      const theirsThen = await transcribeCompressedWithWs(more, agreement);
      return (
        isSame(longer, longer === ours ? oursThen : theirsThen) &&
        (isSame(oursThen, theirsThen) || topBit.explains(bytes, oursThen, theirsThen))
      );
    },
  },
  {
    name: 'bytes after a final block are the next block of the same message',
    section: 'RFC 7692 7.2.1',
    example: 'c18f 00000000 f348cdc9c90700 f348cdc9c90700 00',
    explains: (given) => isSameOfEquivalent(given, ({ hadFinalBlock }) => hadFinalBlock),
  },
  {
    name: 'a compressed message without a byte is empty, and does not affect later messages',
    section: 'RFC 7692 7.2.1 has no such message',
    example: 'c180 00000000 c187 00000000 f248cdc9c90700',
    explains: (given) => isSameOfEquivalent(given, ({ hadNothing }) => hadNothing),
  },
];

/** The name of the difference that explains the results; undefined when none does. */
export async function compressedDifferenceOf(given: Case): Promise<string | undefined> {
  for (const difference of compressedDifferences) {
    if (await difference.explains(given)) {
      return difference.name;
    }
  }
  return undefined;
}

/** Whether our results for an equivalent stream without such messages are the same, and ws agrees with them. */
async function isSameOfEquivalent(
  { bytes, agreement, ours }: Case,
  applies: (stream: EquivalentStream) => boolean,
): Promise<boolean> {
  const hasFailed = ours.at(-1) === errorLine(1007);
  const equivalent = equivalentStream(hasFailed ? await endedAtFault(bytes, agreement) : bytes, agreement);
  if (!applies(equivalent)) {
    return false;
  }
  const oursThen = await transcribeCompressed([equivalent.bytes], agreement);
  const theirsThen = await transcribeCompressedWithWs([equivalent.bytes], agreement);
  const then = { bytes: equivalent.bytes, agreement, ours: oursThen, theirs: theirsThen };
  return isSame(ours, oursThen) && (isSame(oursThen, theirsThen) || (await compressedDifferenceOf(then)) !== undefined);
}

/** The stream up to the byte that we reject with 1007, as if its message ended there. */
async function endedAtFault(bytes: Buffer, agreement: Required<WindowAgreement>): Promise<Buffer> {
  // A failed parser stays failed.
  let [right, wrong] = [0, bytes.length];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    const lines = await transcribeCompressed([bytes.subarray(0, middle)], agreement);
    if (lines.at(-1) === errorLine(1007)) {
      wrong = middle;
    } else {
      right = middle;
    }
  }
  const last = readFrames(bytes.subarray(0, wrong)).at(-1);
  if (last === undefined || last.opcode >= 8) {
    return bytes.subarray(0, wrong);
  }
  const frame = clientFrame({ ...last, fin: true, key: Buffer.alloc(4) });
  return Buffer.concat([bytes.subarray(0, last.start), frame]);
}
