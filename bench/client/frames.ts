import type { Random } from './random-content.js';

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  /** Where the masking key comes from; without it, the frame is that of a server. */
  readonly maskingKey?: Random;
  readonly isFinal?: boolean;
  readonly isCompressed?: boolean;
}

/** One frame of RFC 6455, 5.2. */
export function buildFrame(
  opcode: number,
  payload: Buffer,
  { maskingKey, isFinal = true, isCompressed = false }: FrameOptions = {},
): Buffer {
  const extendedLength = payload.length < 126 ? 0 : payload.length < 65536 ? 2 : 8;
  const headerLength = 2 + extendedLength + (maskingKey ? 4 : 0);
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  frame[0] = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode;
  frame[1] = maskingKey ? 0x80 : 0;
  if (extendedLength === 0) {
    frame[1] |= payload.length;
  } else if (extendedLength === 2) {
    frame[1] |= 126;
    frame.writeUInt16BE(payload.length, 2);
  } else {
    frame[1] |= 127;
    frame.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  payload.copy(frame, headerLength);
  if (maskingKey) {
    frame.writeUInt32BE(maskingKey(), headerLength - 4);
    for (let i = 0; i < payload.length; i++) {
      frame[headerLength + i] ^= frame[headerLength - 4 + (i & 3)];
    }
  }
  return frame;
}
