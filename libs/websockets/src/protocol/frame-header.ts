import { ProtocolError, WebSocketCloseStatus } from './close-status.js';

/** The types of frames (RFC 6455 section 5.2). From 8 on they are control frames. */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** The bit of a frame's first byte that says that it is the last of its message. */
export const FIN = 0x80;

/** The three bits of a frame's first byte that belong to extensions. */
export const RESERVED_BITS = 0x70;

/** The one of them that marks the first frame of a compressed message (RFC 7692 section 6). */
export const RSV1 = 0x40;

/** The bit of a frame's second byte that says that its payload is masked. */
export const MASKED = 0x80;

/** The largest payload of a control frame, in bytes (RFC 6455 section 5.5). */
export const MAX_CONTROL_PAYLOAD_BYTES = 125;

/** Two bytes, a 64-bit length and a masking key: the most that a client's header needs (RFC 6455 section 5.2). */
export const MAX_CLIENT_HEADER_BYTES = 14;

/** The most that a server's frame needs before its payload: two bytes and a 64-bit length (RFC 6455 section 5.2). */
export const MAX_SERVER_HEADER_BYTES = 10;

/** The length of an unmasked frame's header, by the length of its payload. */
export function frameHeaderLength(length: number): number {
  return length < 126 ? 2 : length < 65536 ? 4 : 10;
}

/**
 * Writes the header of an unmasked frame, with the length in the fewest bytes that hold it, as the RFC demands.
 *
 * @param firstByte FIN, reserved bits and opcode
 * @returns where the payload goes
 */
export function writeFrameHeader(target: Buffer, at: number, firstByte: number, length: number): number {
  target[at] = firstByte;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 65536) {
    target[at + 1] = 126;
    target[at + 2] = length >>> 8;
    target[at + 3] = length & 0xff;
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), at + 2);
  target.writeUInt32BE(length % 2 ** 32, at + 6);
  return at + 10;
}

/** The length of a client's header, masking key included, by its second byte. */
export function clientHeaderLength(second: number): number {
  const length = second & 0x7f;
  return length === 126 ? 8 : length === 127 ? 14 : 6;
}

/** Checks the first byte of a 64-bit length. @throws ProtocolError when its top bit is set */
export function checkLength64(firstByte: number): void {
  if (firstByte >= 0x80) {
    throw new ProtocolError('The top bit of a 64-bit length is set');
  }
}

/** Reads a 64-bit length. @throws ProtocolError when it is more than 2^53 or its top bit is set */
export function readLength64(header: Buffer, at: number): number {
  checkLength64(header[at]);
  const high = header.readUInt32BE(at);
  if (high >= 2 ** 21) {
    throw new ProtocolError('A frame is longer than 2^53 bytes', WebSocketCloseStatus.messageTooBig);
  }
  return high * 2 ** 32 + header.readUInt32BE(at + 4);
}
