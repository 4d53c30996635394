import { constants, inflateRawSync, type InflateRaw } from 'node:zlib';
import { TAIL, type WindowAgreement } from '../conformance/deflate-window.js';
import { encode } from './frames.js';
import { readFrames } from './read-frames.js';

/** A client's stream without its compression. */
export interface InflatedStream {
  /** The same frames, but for a compressed message one frame that is not. */
  readonly plain: Buffer;
  /** Whether a message was no deflated data, so that what follows was left out. */
  readonly isCorrupt: boolean;
  /** Whether there was a final block. */
  readonly hasFinalBlock: boolean;
  /** Whether there was a compressed message without a byte. */
  readonly hasNothing: boolean;
}

/** Inflates as RFC 7692 section 7.2.2 has it, message by message, from the beginning of the stream each time. */
class BookInflater {
  /** What has come since the latest final block, and how much of what it inflates to belongs to earlier messages. */
  private stream = Buffer.alloc(0);
  private given = 0;
  hasFinalBlock = false;
  hasNothing = false;

  constructor(private readonly takesOver: boolean) {}

  inflate(payload: Buffer): Buffer {
    const parts: Buffer[] = [];
    let left = payload.length + TAIL.length;
    this.hasNothing ||= payload.length === 0;
    while (left > TAIL.length) {
      const input = Buffer.concat([this.stream, Buffer.concat([payload, TAIL]).subarray(-left)]);
      const options = { finishFlush: constants.Z_SYNC_FLUSH, info: true };
      // With `info` it tells how much it took; its typings leave that out.
      const { buffer, engine } = inflateRawSync(input, options) as unknown as { buffer: Buffer; engine: InflateRaw };
      parts.push(buffer.subarray(this.given));
      left = input.length - engine.bytesWritten;
      this.hasFinalBlock ||= left > 0;
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

/** Inflates the compressed messages of a stream, and leaves everything else as it is, right or wrong. */
export function inflateStream(bytes: Buffer, { takesOver }: Required<WindowAgreement>): InflatedStream {
  const inflater = new BookInflater(takesOver);
  const plain: Buffer[] = [];
  /** The opcode of the compressed message at hand; 0 when there is none. */
  let opcode = 0;
  let message: Buffer[] = [];
  let isCorrupt = false;
  const frames = readFrames(bytes);
  for (const frame of frames) {
    const raw = bytes.subarray(frame.start, frame.end);
    if (!isOfCompressedMessage(raw, opcode)) {
      plain.push(misplaced(raw, opcode));
      if (frame.opcode === 8) {
        break; // nothing counts after it
      }
      continue;
    }
    opcode ||= frame.opcode;
    message.push(frame.payload);
    if (!frame.fin || !frame.isWhole) {
      continue;
    }
    try {
      const payload = inflater.inflate(Buffer.concat(message));
      plain.push(encode({ opcode, fin: true, payload, key: Buffer.alloc(4) }));
    } catch {
      isCorrupt = true;
      break;
    }
    opcode = 0;
    message = [];
  }
  const cutOff = bytes.subarray(frames.at(-1)?.end ?? 0);
  if (!isCorrupt && cutOff.length > 0 && !isOfCompressedMessage(cutOff, opcode)) {
    plain.push(misplaced(cutOff, opcode));
  }
  const { hasFinalBlock, hasNothing } = inflater;
  return { plain: Buffer.concat(plain), isCorrupt, hasFinalBlock, hasNothing };
}

/** Whether a frame starts a compressed message, or continues the one at hand. */
function isOfCompressedMessage([first, second = 0x80]: Buffer, opcode: number): boolean {
  const kind = first & 0x7f;
  return second >= 0x80 && (opcode === 0 ? kind === 0x41 || kind === 0x42 : kind === 0);
}

/** A frame of another message inside a compressed one is wrong, which would not show without that. */
function misplaced(frame: Buffer, opcode: number): Buffer {
  const copy = Buffer.from(frame);
  if (opcode !== 0 && (copy[0] & 0x0f) < 8) {
    copy[0] |= 0x70;
  }
  return copy;
}
