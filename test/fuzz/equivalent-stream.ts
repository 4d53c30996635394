import { constants, inflateRawSync, type InflateRaw } from 'node:zlib';
import { deflated, TAIL, type WindowAgreement } from '../conformance/deflate-window.js';
import { clientFrame } from '../libs/websockets/protocol/client-frame.js';
import { readFrames, type ReadFrame } from './read-frames.js';

/** Invalid in every stream: a block of the reserved type. */
const CORRUPT = Buffer.from([0x06]);

/** An equivalent stream that both parsers understand. */
export interface EquivalentStream {
  readonly bytes: Buffer;
  /** Whether the original had a final block. */
  readonly hadFinalBlock: boolean;
  /** Whether it had a compressed message without a byte. */
  readonly hadNothing: boolean;
}

/** Inflates as RFC 7692 section 7.2.2 says, message by message, from the beginning of the stream each time. */
class BookInflater {
  /** The bytes since the last final block, and the number of inflated bytes that belong to earlier messages. */
  private stream = Buffer.alloc(0);
  private given = 0;
  hadFinalBlock = false;
  hadNothing = false;

  constructor(private readonly takesOver: boolean) {}

  inflate(payload: Buffer): Buffer {
    const parts: Buffer[] = [];
    let left = payload.length + TAIL.length;
    this.hadNothing ||= payload.length === 0;
    while (left > TAIL.length) {
      const input = Buffer.concat([this.stream, Buffer.concat([payload, TAIL]).subarray(-left)]);
      const options = { finishFlush: constants.Z_SYNC_FLUSH, info: true };
      // With `info`, zlib reports how many bytes it read; the typings omit that.
      const { buffer, engine } = inflateRawSync(input, options) as unknown as { buffer: Buffer; engine: InflateRaw };
      parts.push(buffer.subarray(this.given));
      left = input.length - engine.bytesWritten;
      this.hadFinalBlock ||= left > 0;
      this.stream = left > 0 ? Buffer.alloc(0) : input;
      this.given = left > 0 ? 0 : buffer.length;
    }
    if (!this.takesOver) {
      this.stream = Buffer.alloc(0);
      this.given = 0;
    }
    return Buffer.concat(parts);
  }
}

/** Deflates the compressed messages of a stream again, each in one frame, and leaves all other bytes unchanged. */
export function equivalentStream(bytes: Buffer, { takesOver }: Required<WindowAgreement>): EquivalentStream {
  const inflater = new BookInflater(takesOver);
  const frames: Buffer[] = [];
  /** The bytes of the current compressed message so far. */
  let parts: ReadFrame[] = [];
  let isInPlainMessage = false;
  let end = 0;
  const rawOf = (frame: ReadFrame): Buffer => bytes.subarray(frame.start, frame.end);
  for (const frame of readFrames(bytes).filter(({ isWhole }) => isWhole)) {
    end = frame.end;
    if (frame.opcode >= 8) {
      frames.push(rawOf(frame));
    } else if (isCompressed(frame, parts.length > 0, isInPlainMessage)) {
      parts.push(frame);
      if (frame.fin) {
        frames.push(deflatedAnew(parts, inflater));
        parts = [];
      }
    } else {
      frames.push(...parts.map(rawOf), rawOf(frame));
      parts = [];
      isInPlainMessage = !frame.fin;
    }
  }
  frames.push(...parts.map(rawOf), bytes.subarray(end));
  const { hadFinalBlock, hadNothing } = inflater;
  return { bytes: Buffer.concat(frames), hadFinalBlock, hadNothing };
}

/** Whether a data frame starts or continues a compressed message. */
function isCompressed(frame: ReadFrame, isInCompressedMessage: boolean, isInPlainMessage: boolean): boolean {
  return isInCompressedMessage
    ? frame.opcode === 0 && frame.reserved === 0 && frame.isMasked
    : frame.opcode !== 0 && frame.opcode <= 2 && frame.reserved === 4 && frame.isMasked && !isInPlainMessage;
}

function deflatedAnew(parts: readonly ReadFrame[], inflater: BookInflater): Buffer {
  const [{ opcode }] = parts;
  const frame = { opcode, fin: true, reserved: 4, key: Buffer.alloc(4) };
  try {
    return clientFrame({
      ...frame,
      payload: deflated(inflater.inflate(Buffer.concat(parts.map(({ payload }) => payload)))),
    });
  } catch {
    return clientFrame({ ...frame, payload: CORRUPT });
  }
}
