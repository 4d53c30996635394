/** The opcodes of RFC 6455 section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame, with every field as it stands on the wire (RFC 6455 section 5.2). Nothing is checked. */
export interface FrameFields {
  /** 0 to 15. */
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** Default: true. */
  readonly fin?: boolean;
  /** The three reserved bits as a number: 4 for RSV1, 2 for RSV2, 1 for RSV3. Default: 0. */
  readonly reserved?: number;
  /** The masking key, 4 bytes. Default: not masked, as a server must not. */
  readonly mask?: Uint8Array;
  /** The length that the header tells, where it is another one than the payload has. */
  readonly length?: number | bigint;
  /** How many bytes the length takes: 1, 3 or 9. Default: as few as it can. */
  readonly lengthBytes?: 1 | 3 | 9;
}

/** The bytes of a frame. */
export function encodeFrame(fields: FrameFields): Buffer {
  const payload = Buffer.from(fields.payload ?? '');
  const { mask } = fields;
  const masked = payload.map((byte, i) => byte ^ (mask?.[i % 4] ?? 0));
  const header = encodeHeader({ ...fields, length: fields.length ?? payload.length });
  return Buffer.concat(mask === undefined ? [header, payload] : [header, mask, masked]);
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

/** A frame of a client as it came, unmasked. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly reserved: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** A frame whose payload is larger than the reader takes. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';

  constructor(length: number, largest: number) {
    super(`A frame of ${length} bytes came; the lab takes ${largest}.`);
  }
}

/** Splits the bytes of a client into frames, whether they follow the protocol or not. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private size = 0;

  /** @param largest the largest payload, in bytes */
  constructor(private readonly largest: number) {}

  /**
   * Takes bytes, and returns the frames that they complete.
   *
   * @throws FrameTooLargeError
   */
  push(bytes: Buffer): ReceivedFrame[] {
    this.chunks.push(bytes);
    this.size += bytes.length;
    const frames: ReceivedFrame[] = [];
    for (let frame = this.next(); frame !== undefined; frame = this.next()) {
      frames.push(frame);
    }
    return frames;
  }

  private next(): ReceivedFrame | undefined {
    const header = this.peek(14);
    if (header.length < 2) {
      return undefined;
    }
    const [first, second] = header;
    const shortLength = second & 0x7f;
    const lengthBytes = shortLength === 126 ? 3 : shortLength === 127 ? 9 : 1;
    const masked = (second & 0x80) !== 0;
    const start = 1 + lengthBytes + (masked ? 4 : 0);
    if (header.length < start) {
      return undefined;
    }
    const length =
      lengthBytes === 1 ? shortLength : lengthBytes === 3 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
    if (length > this.largest) {
      throw new FrameTooLargeError(length, this.largest);
    }
    if (this.size < start + length) {
      return undefined;
    }
    const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    const mask = masked ? all.subarray(start - 4, start) : undefined;
    const payload = Buffer.from(all.subarray(start, start + length));
    if (mask !== undefined) {
      for (let i = 0; i < payload.length; i++) {
        payload[i] ^= mask[i & 3];
      }
    }
    const rest = all.subarray(start + length);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.size = rest.length;
    return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, reserved: (first >> 4) & 7, masked, payload };
  }

  private peek(length: number): Buffer {
    const [first] = this.chunks;
    if (first === undefined || first.length >= length || this.chunks.length === 1) {
      return first ?? Buffer.alloc(0);
    }
    // Small first chunks are joined once, so that a header that comes byte by byte costs little.
    const joined: Buffer[] = [];
    let size = 0;
    while (size < length && this.chunks.length > 0) {
      const chunk = this.chunks.shift()!;
      joined.push(chunk);
      size += chunk.length;
    }
    const head = Buffer.concat(joined);
    this.chunks.unshift(head);
    return head;
  }
}

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(OPCODE).map(([name, opcode]) => [opcode, name]),
);

/** A frame in words, for messages: `text "hello"`, `close 1000 "bye"`, `binary, not final, 4096 bytes`. */
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
