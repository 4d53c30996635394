import type { Fragment, WebSocketMessageType } from '../protocol/fragment.js';
import { FIN, frameHeaderLength, Opcode, writeFrameHeader } from '../protocol/frame-header.js';
import { WebSocketError } from './web-socket-error.js';

/** What `send` takes. Strings are sent as UTF-8. */
export type WebSocketData = Fragment | PreparedMessage | string | Uint8Array | ArrayBuffer;

/**
 * A message whose frame is made once, for `send` to send to any number of connections. They share its bytes: a message
 * that waits for a thousand slow readers is in memory once.
 *
 * A connection that compresses compresses the message anew, because the peer's window depends on the messages before.
 */
export class PreparedMessage {
  /** Whether it is text or binary. */
  readonly type: WebSocketMessageType;
  /** @internal Header and payload, as they are sent. */
  readonly frame: Buffer;
  private readonly payloadStart: number;

  /**
   * @param data text or bytes; bytes are copied
   * @param type default: text for a string and binary for bytes
   * @throws WebSocketError `WS_INVALID_DATA`
   */
  constructor(
    data: string | Uint8Array | ArrayBuffer,
    type: WebSocketMessageType = typeof data === 'string' ? 'text' : 'binary',
  ) {
    const bytes = bytesOf(data);
    this.type = type;
    this.frame = Buffer.allocUnsafeSlow(frameHeaderLength(bytes.length) + bytes.length);
    this.payloadStart = writeFrameHeader(this.frame, 0, FIN | opcodeOf(type), bytes.length);
    bytes.copy(this.frame, this.payloadStart);
  }

  /** @internal */
  get payload(): Buffer {
    return this.frame.subarray(this.payloadStart);
  }

  /** The size of its payload in bytes. */
  get byteLength(): number {
    return this.frame.length - this.payloadStart;
  }
}

/** @throws WebSocketError `WS_INVALID_DATA` when `type` is neither `text` nor `binary` */
export function opcodeOf(type: WebSocketMessageType): number {
  if (type === 'text') {
    return Opcode.text;
  }
  if (type === 'binary') {
    return Opcode.binary;
  }
  throw new WebSocketError(
    'WS_INVALID_DATA',
    `The type of a message is ${JSON.stringify(type)}; it can be "text" or "binary".`,
  );
}

/** @throws WebSocketError `WS_INVALID_DATA` */
export function bytesOf(data: string | Uint8Array | ArrayBuffer): Buffer {
  if (typeof data === 'string') {
    return Buffer.from(data);
  }
  if (data instanceof Uint8Array) {
    return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer) {
    return Buffer.from(data);
  }
  const type = data === null ? 'null' : typeof data;
  throw new WebSocketError(
    'WS_INVALID_DATA',
    `The data of a message has the type ${type}; it can be a string, a Uint8Array, an ArrayBuffer, a fragment or a PreparedMessage.`,
  );
}
