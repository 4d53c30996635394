import type { WebSocketMessageType } from '../protocol/fragment.js';
import { frameHeaderLength, writeFrameHeader } from '../protocol/frame-header.js';
import { FIN } from '../protocol/opcode.js';
import { bytesOf, opcodeOf } from './web-socket-data.js';

/**
 * A message whose frame is made once, for `send` to send to any number of connections. They share its bytes, so that what
 * waits for a thousand slow readers is in memory once.
 *
 * Where a connection compresses, it compresses the message anew: what its peer can inflate depends on what went before.
 */
export class PreparedMessage {
  readonly type: WebSocketMessageType;
  /** @internal Header and payload, as they go out. */
  readonly frame: Buffer;
  private readonly payloadAt: number;

  /**
   * @param data text or bytes; bytes are copied
   * @param type by default text for a string and binary for bytes
   * @throws WebSocketError `WS_INVALID_DATA`
   */
  constructor(
    data: string | Uint8Array | ArrayBuffer,
    type: WebSocketMessageType = typeof data === 'string' ? 'text' : 'binary',
  ) {
    const bytes = bytesOf(data);
    this.type = type;
    this.frame = Buffer.allocUnsafeSlow(frameHeaderLength(bytes.length) + bytes.length);
    this.payloadAt = writeFrameHeader(this.frame, 0, FIN | opcodeOf(type), bytes.length);
    bytes.copy(this.frame, this.payloadAt);
  }

  /** @internal */
  get payload(): Buffer {
    return this.frame.subarray(this.payloadAt);
  }

  /** How many bytes it has, without the header of its frame. */
  get byteLength(): number {
    return this.frame.length - this.payloadAt;
  }
}
