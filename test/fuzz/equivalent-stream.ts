import { constants, inflateRawSync, type InflateRaw } from 'node:zlib';
import { deflated, TAIL, type WindowAgreement } from '../conformance/deflate-window.js';
import { clientFrame } from '../libs/websockets/protocol/client-frame.js';
import { readFrames, type ReadFrame } from './read-frames.js';

/** What no stream can contain: a block of the type that means nothing. */
const CORRUPT = Buffer.from([0x06]);

/** A stream that says the same in a way that everybody understands. */
export interface EquivalentStream {
  readonly bytes: Buffer;
  /** Whether the original had a final block. */
  readonly hadFinalBlock: boolean;
  /** Whether it had a compressed message without a byte. */
  readonly hadNothing: boolean;
}

/** Inflates as RFC 7692 section 7.2.2 has it, message by message, from the beginning of the stream each time. */
class BookInflater {
  /** What has come since the latest final block, and how much of what it inflates to belongs to earlier messages. */
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
      // With `info` it tells how much it took; its typings leave that out.
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

/** Deflates the compressed messages of a stream anew, each in one frame, and leaves all else as it is, right or wrong. */
export function equivalentStream(bytes: Buffer, { takesOver }: Required<WindowAgreement>): EquivalentStream {
  const inflater = new BookInflater(takesOver);
  const frames: Buffer[] = [];
  /** What has come of the compressed message at hand. */
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

/** Whether a frame of data starts a compressed message, or continues the one at hand. */
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
