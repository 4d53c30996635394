import { binaryOf } from '../../conformance/payloads.js';
import { clientFrame } from '../../libs/websockets/protocol/client-frame.js';

const KIB = 1024;

/** The data of floods; its period divides no buffer size. */
const pattern = binaryOf(65521);
const repeatedly = Buffer.concat([pattern, pattern, pattern]);

/** A part of the endless pattern, at most 64 KiB. */
function patternAt(at: number, length: number): Buffer {
  const from = at % pattern.length;
  return repeatedly.subarray(from, from + length);
}

/** This amount of the pattern in binary messages of 64 KiB. */
export function* patternMessages(total: number): Generator<Buffer> {
  for (let at = 0; at < total; at += 64 * KIB) {
    yield clientFrame({ opcode: 2, payload: patternAt(at, 64 * KIB), key: [0, 0, 0, 0] });
  }
}

/** This amount of the pattern in one binary message of one frame. */
export function* patternFrame(total: number): Generator<Buffer> {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(0x82ff);
  header.writeBigUInt64BE(BigInt(total), 2);
  yield header;
  for (let at = 0; at < total; at += 64 * KIB) {
    yield patternAt(at, 64 * KIB);
  }
}

/** Checks continuously that a server echoes the pattern, in any frames. */
export class PatternReader {
  /** The number of pattern bytes that have arrived. */
  received = 0;
  /** The offset of the first wrong byte, if any. */
  wrongAt: number | undefined;
  /** The first control frame, and the bytes after it. */
  last: Buffer = Buffer.alloc(0);
  private header: Buffer = Buffer.alloc(0);
  private left = 0;

  take(bytes: Buffer): void {
    let all = bytes;
    while (all.length > 0) {
      if (this.last.length > 0) {
        this.last = Buffer.concat([this.last, all]);
        return;
      }
      all = this.left === 0 ? this.takeHeader(Buffer.concat([this.header, all])) : this.takePayload(all);
    }
  }

  private takeHeader(bytes: Buffer): Buffer {
    if ((bytes[0] & 0x0f) >= 8) {
      this.last = bytes;
      return bytes.subarray(bytes.length);
    }
    const length = bytes[1] === 127 ? 10 : bytes[1] === 126 ? 4 : 2;
    if (bytes.length < length) {
      this.header = bytes;
      return bytes.subarray(bytes.length);
    }
    this.header = bytes.subarray(0, 0);
    this.left = length === 10 ? Number(bytes.readBigUInt64BE(2)) : length === 4 ? bytes.readUInt16BE(2) : bytes[1];
    return bytes.subarray(length);
  }

  private takePayload(bytes: Buffer): Buffer {
    const length = Math.min(bytes.length, this.left, 64 * KIB);
    if (!patternAt(this.received, length).equals(bytes.subarray(0, length))) {
      this.wrongAt ??= this.received;
    }
    this.received += length;
    this.left -= length;
    return bytes.subarray(length);
  }
}
