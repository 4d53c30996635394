/** One frame of a test client, masked as RFC 6455 section 5.3 requires, or invalid on request. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly masked?: boolean;
  readonly key?: Readonly<ArrayLike<number>>;
  /** The number of bytes of the extended length. Default: as few as the length needs. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** The length in the header. Default: the length of the payload. */
  readonly claims?: bigint;
}

/** The bytes of a frame (RFC 6455 section 5.2). */
export function clientFrame(frame: ClientFrame): Buffer {
  const { opcode, fin = true, reserved = 0, masked = true, key = [0x37, 0xfa, 0x21, 0x3d] } = frame;
  const payload = Buffer.from((frame.payload ?? '') as string);
  const length = frame.claims ?? BigInt(payload.length);
  const lengthBytes = frame.lengthBytes ?? (length < 126n ? 0 : length < 65536n ? 2 : 8);
  const header = Buffer.alloc(2 + lengthBytes);
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? Number(length) & 0x7f : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) {
    header.writeUInt16BE(Number(length & 0xffffn), 2);
  } else if (lengthBytes === 8) {
    header.writeBigUInt64BE(length, 2);
  }
  return masked
    ? Buffer.concat([header, Buffer.from(key), payload.map((byte, i) => byte ^ key[i % 4])])
    : Buffer.concat([header, payload]);
}

export const text = (payload: string | Uint8Array, fin = true): Buffer => clientFrame({ opcode: 1, payload, fin });
export const binary = (payload: string | Uint8Array, fin = true): Buffer => clientFrame({ opcode: 2, payload, fin });
export const continuation = (payload: string | Uint8Array, fin = true): Buffer =>
  clientFrame({ opcode: 0, payload, fin });
export const ping = (payload: string | Uint8Array = ''): Buffer => clientFrame({ opcode: 9, payload });
export const pong = (payload: string | Uint8Array = ''): Buffer => clientFrame({ opcode: 10, payload });

export function close(status?: number, reason: string | Uint8Array = ''): Buffer {
  const code = status === undefined ? [] : [status >> 8, status & 0xff];
  return clientFrame({ opcode: 8, payload: Buffer.concat([Buffer.from(code), Buffer.from(reason as string)]) });
}
