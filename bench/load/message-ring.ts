import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { buildFrame, check, EchoError, Opcode } from './frames.js';

export interface MessageShape {
  /** In bytes. */
  readonly size: number;
  readonly content: 'text' | 'utf8' | 'json' | 'binary';
  /** In bytes. Without it, a message is one frame. */
  readonly fragmentSize?: number;
  /** Whether permessage-deflate is offered and used. */
  readonly isCompressed?: boolean;
}

/** Enough messages to tell one from the next, and few enough to stay in the processor's cache. */
const RING_BYTES = 256 * 1024;
const MOST_MESSAGES = 1024;

/** One way in which a server may frame its echoes. */
export interface EchoForm {
  /** The echoes of the whole ring, one after the other. */
  readonly bytes: Buffer;
  /** Length of each echo in bytes. */
  readonly messageLength: number;
}

/** The messages that a load sends again and again. They, their frames and their echoes are built in advance. */
export class MessageRing {
  readonly opcode: number;
  readonly isCompressed: boolean;
  /** The number of different messages. */
  readonly count: number;
  /** Length of each message in bytes, without framing and compression. */
  readonly messageLength: number;
  /** The messages, one after the other. */
  readonly payload: Buffer;
  /** The messages as masked frames, one after the other. */
  readonly frames: Buffer;
  /** Where in `frames` each message begins. The last entry is the end of the last message. */
  readonly frameOffsets: readonly number[];
  /** The usual forms of an echo: the client's own frames, and one frame per message. Empty for compressed messages. */
  readonly echoForms: readonly EchoForm[];
  /** Compressed echoes that were found right. Without context takeover equal bytes are equal messages. */
  private readonly knownEchoes: Buffer[] = [];

  constructor({ size, content, fragmentSize, isCompressed = false }: MessageShape) {
    const random = seededRandom(1);
    this.opcode = content === 'binary' ? Opcode.binary : Opcode.text;
    this.isCompressed = isCompressed;
    this.count = size > RING_BYTES * 4 ? 1 : Math.min(MOST_MESSAGES, Math.max(2, Math.floor(RING_BYTES / size)));
    const messages = Array.from({ length: this.count }, () => randomContent(content, size, random));
    this.messageLength = size;
    this.payload = Buffer.concat(messages);

    const framed = messages.map((message) =>
      isCompressed
        ? buildFrame(this.opcode, compress(message), { maskingKey: random, isCompressed })
        : this.framesOf(message, fragmentSize, random),
    );
    this.frames = Buffer.concat(framed);
    let offset = 0;
    this.frameOffsets = [0, ...framed.map(({ length }) => (offset += length))];

    const forms = isCompressed ? [] : new Set([fragmentSize, undefined]);
    this.echoForms = Array.from(forms, (fragments) => {
      const echoes = messages.map((message) => this.framesOf(message, fragments));
      return { bytes: Buffer.concat(echoes), messageLength: echoes[0].length };
    });
  }

  /** @throws EchoError if `compressed` is not the message with this index */
  checkCompressed(index: number, compressed: Buffer): void {
    if (this.knownEchoes[index]?.equals(compressed)) {
      return;
    }
    const expected = this.payload.subarray(index * this.messageLength, (index + 1) * this.messageLength);
    check(inflate(compressed, expected.length).equals(expected), 'other bytes than it received');
    this.knownEchoes[index] = compressed;
  }

  private framesOf(message: Buffer, fragmentSize = message.length, maskingKey?: () => number): Buffer {
    const frames: Buffer[] = [];
    for (let from = 0; from < message.length; from += fragmentSize) {
      const opcode = from === 0 ? this.opcode : Opcode.continuation;
      const isFinal = from + fragmentSize >= message.length;
      frames.push(buildFrame(opcode, message.subarray(from, from + fragmentSize), { maskingKey, isFinal }));
    }
    return Buffer.concat(frames);
  }
}

/** Compresses a message without the four bytes at the end (RFC 7692, section 7.2.1). */
function compress(message: Buffer): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** The bytes that a receiver appends before it inflates (RFC 7692, section 7.2.2). */
const SYNC_FLUSH_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

function inflate(compressed: Buffer, maxOutputLength: number): Buffer {
  try {
    const input = Buffer.concat([compressed, SYNC_FLUSH_TAIL]);
    return inflateRawSync(input, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength });
  } catch (error) {
    throw new EchoError('The server sent a message that cannot be inflated.', { cause: error });
  }
}

/** Marsaglia's xorshift: 32-bit numbers, the same in each run and for each server. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const words = 'the quick brown fox jumps over a lazy dog and returns each word that it received'.split(' ');
const worldWords = 'naïve café Straße λόγος мир שלום 漢字 かな 한국어 नमस्ते 😀 𝄞 and plain words too'.split(' ');

function randomContent(content: MessageShape['content'], size: number, random: () => number): Buffer {
  switch (content) {
    case 'binary':
      return Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, random).buffer, 0, size);
    case 'json':
      return randomJson(size, random);
    default:
      return randomText(content === 'utf8' ? worldWords : words, size, random);
  }
}

/** Whole words, and dots where the next word does not fit. */
function randomText(vocabulary: readonly string[], size: number, random: () => number): Buffer {
  const encoded = vocabulary.map((word) => Buffer.from(`${word} `));
  const text = Buffer.alloc(size, '.');
  for (let at = 0; at < size;) {
    const word = encoded[random() % encoded.length];
    if (word.length > size - at) {
      break;
    }
    at += word.copy(text, at);
  }
  return text;
}

/** An array of records, as an API would send them. Spaces fill it up to its size. */
function randomJson(size: number, random: () => number): Buffer {
  const record = () =>
    JSON.stringify({ id: random(), user: words[random() % words.length], price: (random() % 10_000) / 100, ok: true });
  let records = record();
  for (let next = record(); records.length + next.length + 3 <= size; next = record()) {
    records += `,${next}`;
  }
  return Buffer.from(`[${records}]`.padEnd(size));
}
