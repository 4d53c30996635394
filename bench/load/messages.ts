import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** The server sent something other than the expected echo. */
export class EchoError extends Error {
  override readonly name = 'EchoError';
}

/** @throws EchoError if `condition` is false; `fault` completes the sentence "The server sent …" */
export function check(condition: boolean, fault: string): asserts condition {
  if (!condition) {
    throw new EchoError(`The server sent ${fault}.`);
  }
}

/** The opcodes of RFC 6455, section 5.2. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  /** Returns the masking key. Without it, the frame is a server's frame. */
  readonly maskingKey?: () => number;
  readonly isFinal?: boolean;
  readonly isCompressed?: boolean;
}

/** Builds one frame (RFC 6455, section 5.2). */
export function buildFrame(opcode: number, payload: Buffer, options: FrameOptions = {}): Buffer {
  const { maskingKey, isFinal = true, isCompressed = false } = options;
  const { length } = payload;
  const extendedLength = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const headerLength = 2 + extendedLength + (maskingKey ? 4 : 0);
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode;
  frame[1] = (maskingKey ? 0x80 : 0) | (extendedLength === 0 ? length : extendedLength === 2 ? 126 : 127);
  if (extendedLength === 2) {
    frame.writeUInt16BE(length, 2);
  } else if (extendedLength === 8) {
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  payload.copy(frame, headerLength);
  if (maskingKey) {
    frame.writeUInt32BE(maskingKey(), headerLength - 4);
    for (let i = 0; i < length; i++) {
      frame[headerLength + i] ^= frame[headerLength - 4 + (i & 3)];
    }
  }
  return frame;
}

export interface MessageShape {
  /** In bytes. */
  readonly size: number;
  readonly content: 'text' | 'utf8' | 'json' | 'binary';
  /** In bytes. Without it, a message is one frame. */
  readonly fragmentSize?: number;
  /** Whether permessage-deflate is offered and used. */
  readonly isCompressed?: boolean;
}

/** One way in which a server may frame its echoes. */
export interface EchoForm {
  /** The echoes of the whole ring, one after the other. */
  readonly bytes: Buffer;
  /** Length of each echo in bytes. */
  readonly messageLength: number;
}

/** Enough messages to tell one from the next, and few enough to stay in the processor's cache. */
const RING_BYTES = 256 * 1024;
const MOST_MESSAGES = 1024;

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
  /** Compressed echoes that were right. Without context takeover, equal bytes are equal messages. */
  private readonly rightEchoes: Buffer[] = [];

  constructor({ size, content, fragmentSize, isCompressed = false }: MessageShape) {
    const random = seededRandom(1);
    this.opcode = content === 'binary' ? Opcode.binary : Opcode.text;
    this.isCompressed = isCompressed;
    this.count = size > RING_BYTES * 4 ? 1 : Math.min(MOST_MESSAGES, Math.max(2, Math.floor(RING_BYTES / size)));
    const messages = Array.from({ length: this.count }, () => builders[content](size, random));
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
    if (!this.rightEchoes[index]?.equals(compressed)) {
      const expected = this.payload.subarray(index * this.messageLength, (index + 1) * this.messageLength);
      check(inflate(compressed, expected.length).equals(expected), 'other bytes than it received');
      this.rightEchoes[index] = compressed;
    }
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

/** Compresses a message without the four bytes at its end (RFC 7692, section 7.2.1). */
function compress(message: Buffer): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** The bytes that a receiver appends before it inflates (RFC 7692, section 7.2.2). */
const SYNC_FLUSH_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

function inflate(compressed: Buffer, maxOutputLength: number): Buffer {
  try {
    const whole = Buffer.concat([compressed, SYNC_FLUSH_TAIL]);
    return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength });
  } catch {
    throw new EchoError('The server sent a message that cannot be inflated.');
  }
}

/** Marsaglia's xorshift: unsigned 32-bit numbers that are the same in each run. */
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

/** Builds the content of a message: `size` bytes. */
const builders: Readonly<Record<MessageShape['content'], (size: number, random: () => number) => Buffer>> = {
  binary: (size, random) =>
    Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, random).buffer).subarray(0, size),
  text: (size, random) => join(size, () => `${words[random() % words.length]} `),
  utf8: (size, random) => join(size, () => `${worldWords[random() % worldWords.length]} `),
  /** Records, one on each line, as an API would send them. */
  json: (size, random) =>
    join(size, () => {
      const user = words[random() % words.length];
      return `${JSON.stringify({ id: random(), user, price: (random() % 10_000) / 100, ok: true })}\n`;
    }),
};

/** Joins pieces until the next one does not fit. Spaces fill the rest. */
function join(size: number, nextPiece: () => string): Buffer {
  const text = Buffer.alloc(size, ' ');
  let piece = Buffer.from(nextPiece());
  for (let at = 0; at + piece.length <= size; piece = Buffer.from(nextPiece())) {
    at += piece.copy(text, at);
  }
  return text;
}
