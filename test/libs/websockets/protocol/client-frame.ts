/** One frame of a test client, masked as RFC 6455 section 5.3 requires, or invalid on request. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly masked?: boolean;
  readonly key?: readonly [number, number, number, number];
}

export function clientFrame(frame: ClientFrame): Buffer {
  const { opcode, fin = true, reserved = 0, masked = true, key = [0x37, 0xfa, 0x21, 0x3d] } = frame;
  const payload = Buffer.from((frame.payload ?? '') as string);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const header =
    payload.length < 126
      ? Buffer.from([first, mask | payload.length])
      : payload.length < 65536
        ? Buffer.from([first, mask | 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([Buffer.from([first, mask | 127]), bigEndian64(payload.length)]);
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

function bigEndian64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
