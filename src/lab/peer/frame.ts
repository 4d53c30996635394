/** The opcodes of RFC 6455 section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The fields of a frame on the wire (RFC 6455 section 5.2). No value is checked. */
export interface FrameFields {
  /** 0 to 15. */
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** Default: true. */
  readonly fin?: boolean;
  /** The three reserved bits as a number: 4 for RSV1, 2 for RSV2, 1 for RSV3. Default: 0. */
  readonly reserved?: number;
  /** The masking key, 4 bytes. Default: none, because a server MUST NOT mask (section 5.1). */
  readonly mask?: Uint8Array;
  /** The length in the header. Default: that of the payload. */
  readonly length?: number | bigint;
  /** How many bytes the length and the mask bit take: 1, 3 or 9. Default: the fewest. */
  readonly lengthBytes?: 1 | 3 | 9;
}

/** The bytes of a frame. */
export function encodeFrame(fields: FrameFields): Buffer {
  const payload = payloadBytes(fields);
  const { mask } = fields;
  const header = encodeHeader({ ...fields, length: fields.length ?? payload.length });
  return Buffer.concat(
    mask === undefined ? [header, payload] : [header, mask, payload.map((byte, i) => byte ^ mask[i % 4])],
  );
}

/** The payload of a frame, not masked. Bytes are not copied. */
export function payloadBytes({ payload = '' }: Pick<FrameFields, 'payload'>): Buffer {
  return typeof payload === 'string'
    ? Buffer.from(payload)
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** The header of a frame, up to the length. */
export function encodeHeader({
  opcode,
  fin = true,
  reserved = 0,
  mask,
  length = 0,
  lengthBytes = minimalLengthBytes(length),
}: FrameFields): Buffer {
  const header = Buffer.alloc(1 + lengthBytes);
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const maskBit = mask === undefined ? 0 : 0x80;
  if (lengthBytes === 1) {
    header[1] = maskBit | Number(length);
  } else if (lengthBytes === 3) {
    header[1] = maskBit | 126;
    header.writeUInt16BE(Number(length), 2);
  } else {
    header[1] = maskBit | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}

function minimalLengthBytes(length: number | bigint): 1 | 3 | 9 {
  return length < 126 ? 1 : length < 65_536 ? 3 : 9;
}

/**
 * The payload of a close frame (RFC 6455 section 5.5.1). No code is refused, and no reason is too long.
 *
 * @param code from 0 to 65535; undefined for an empty payload
 */
export function closePayload(code: number | undefined, reason = ''): Buffer {
  if (code === undefined) {
    return Buffer.alloc(0);
  }
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

/** A frame of a client, unmasked. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly reserved: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(OPCODE).map(([name, opcode]) => [opcode, name]),
);

/** A frame in words, for error messages: `text "hello"`, `close 1000 "bye"`, `binary, not final, 4096 bytes`. */
export function describeFrame({ opcode, fin, reserved, masked, payload }: ReceivedFrame): string {
  const isText = opcode === OPCODE.text || opcode === OPCODE.continuation;
  const content =
    opcode === OPCODE.close && payload.length >= 2
      ? `${payload.readUInt16BE()} ${JSON.stringify(payload.toString('utf8', 2))}`
      : isText && payload.length <= 200
        ? JSON.stringify(payload.toString())
        : `of ${payload.length} bytes`;
  const oddities = [
    ...(fin ? [] : ['not final']),
    ...(reserved === 0 ? [] : [`reserved bits ${reserved}`]),
    ...(masked ? [] : ['not masked']),
  ];
  return [`${NAMES[opcode] ?? `opcode ${opcode}`} ${content}`, ...oddities].join(', ');
}
