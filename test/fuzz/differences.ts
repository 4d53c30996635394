import { readFrames } from './read-frames.js';
import { errorLine, transcribe, transcribeWithWs, type Transcript } from './transcripts.js';

/** A deliberate difference from ws. */
export interface Difference {
  readonly name: string;
  /** The section of the RFC that supports us. */
  readonly section: string;
  /** Bytes that show it, in hex digits. */
  readonly example: string;
  explains(bytes: Buffer, ours: Transcript, theirs: Transcript): boolean;
}

export const differences: readonly Difference[] = [
  {
    name: 'invalid text fails at its first invalid byte, not at the end of the message',
    section: 'RFC 6455 8.1, 7.1.7',
    example: '0181 00000000 ff 8980 00000000 8080 00000000',
    explains(bytes, ours, theirs) {
      const before = ours.slice(0, -1);
      const after = theirs.slice(before.length);
      return (
        ours.at(-1) === errorLine(1007) &&
        startsWith(theirs, before) &&
        // ws reads on, but cannot have completed a message.
        after.every((line) => !line.startsWith('text') && !line.startsWith('binary')) &&
        failsAtFirstWrongByte(bytes)
      );
    },
  },
  {
    name: 'a length with the top bit set is a protocol error (1002), where ws reports a message that is too big (1009)',
    section: 'RFC 6455 5.2',
    example: '82ff 8000000000000000 00000000',
    explains: (_bytes, ours, theirs) =>
      ours.at(-1) === errorLine(1002) &&
      theirs.at(-1) === errorLine(1009) &&
      isSame(ours.slice(0, -1), theirs.slice(0, -1)),
  },
  {
    name: 'one parser needs more bytes of a truncated frame than the other',
    section: 'RFC 6455 7.1.7 leaves the moment open',
    example: '83',
    explains(bytes, ours, theirs) {
      const [shorter, longer] = ours.length < theirs.length ? [ours, theirs] : [theirs, ours];
      if (!isSame(longer.slice(0, -1), shorter) || longer.at(-1)?.startsWith('error') !== true) {
        return false;
      }
      // After more bytes both parsers are done, and earlier results do not change.
      const more = Buffer.concat([bytes, Buffer.alloc(16)]);
      const [oursThen, theirsThen] = [transcribe([more]), transcribeWithWs([more])];
      return (
        isSame(longer, longer === ours ? oursThen : theirsThen) &&
        (isSame(oursThen, theirsThen) || isTopBit(oursThen, theirsThen))
      );
    },
  },
];

/** The name of the difference that explains the results; undefined when none does. */
export function differenceOf(bytes: Buffer, ours: Transcript, theirs: Transcript): string | undefined {
  return differences.find((difference) => difference.explains(bytes, ours, theirs))?.name;
}

function isTopBit(ours: Transcript, theirs: Transcript): boolean {
  return differences[1].explains(Buffer.alloc(0), ours, theirs);
}

export function isSame(a: Transcript, b: Transcript): boolean {
  return a.length === b.length && startsWith(a, b);
}

export function startsWith(lines: Transcript, start: Transcript): boolean {
  return start.every((line, i) => lines[i] === line);
}

/**
 * Whether our parser, given single bytes, fails at exactly the byte that makes the text invalid according to the
 * platform's own decoder.
 */
function failsAtFirstWrongByte(bytes: Buffer): boolean {
  // A failed parser stays failed.
  let [right, wrong] = [0, bytes.length];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (transcribe([bytes.subarray(0, middle)]).at(-1) === errorLine(1007)) {
      wrong = middle;
    } else {
      right = middle;
    }
  }
  const { payload, isWhole } = messageUpTo(bytes, wrong);
  return !isUtf8(payload, !isWhole) && isUtf8(payload.subarray(0, -1), true);
}

function isUtf8(bytes: Buffer, mayGoOn: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayGoOn });
    return true;
  } catch {
    return false;
  }
}

/** The message that contains byte `count` of a stream, up to that byte. The frames before it are valid. */
function messageUpTo(bytes: Buffer, count: number): { payload: Buffer; isWhole: boolean } {
  const frames = readFrames(bytes.subarray(0, count)).filter(({ opcode }) => opcode < 8);
  const first = frames.findLastIndex(({ opcode }) => opcode !== 0);
  const last = frames.at(-1);
  return {
    payload: Buffer.concat(frames.slice(first).map(({ payload }) => payload)),
    isWhole: last?.fin === true && last.isWhole,
  };
}
