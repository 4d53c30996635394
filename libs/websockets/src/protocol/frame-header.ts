/** The most that a server's frame needs before its payload: two bytes and a 64-bit length (RFC 6455 section 5.2). */
export const MAX_SERVER_HEADER_BYTES = 10;

/** How long the header of a frame is that has a payload of `length` bytes. */
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
