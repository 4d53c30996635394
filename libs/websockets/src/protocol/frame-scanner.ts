import type { WebSocketMessageType } from './fragment.js';
import { clientHeaderLength, FIN, MASKED, MAX_CLIENT_HEADER_BYTES, Opcode, RSV1 } from './frame-header.js';

/** The header of a frame (RFC 6455 section 5.2). */
export interface WebSocketFrame {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  /** Whether it is the last frame of its message. */
  readonly fin: boolean;
  /** Whether it starts a compressed message (RFC 7692 section 6). */
  readonly rsv1: boolean;
  readonly masked: boolean;
  /** The bytes of its payload as it travels: compressed, where the message is. */
  readonly length: number;
}

/** What a frame scanner reports. */
export interface FrameListener {
  /** The header of a frame is complete. */
  onFrame(frame: WebSocketFrame): void;
  /** A message is complete. `length` has the bytes of all its payloads as they travelled. */
  onMessage(type: WebSocketMessageType, length: number): void;
}

/**
 * Reads the headers in the frames of one side, however their bytes are cut, and skips the payloads. It is for observers:
 * it works beside the parser, which so has nothing to do for them, and it reports frames that break the protocol as well.
 */
export class FrameScanner {
  private readonly header = Buffer.alloc(MAX_CLIENT_HEADER_BYTES);
  private headerLength = 0;
  /** How many bytes of the payload at hand are still to come. */
  private remaining = 0;
  private endsMessage = false;
  private messageOpcode: number = Opcode.binary;
  private messageLength = 0;

  constructor(private readonly listener: FrameListener) {}

  /** Takes the bytes of one read or write. */
  scan(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.remaining > 0) {
        const skipped = Math.min(this.remaining, bytes.length - at);
        at += skipped;
        this.remaining -= skipped;
      } else {
        this.header[this.headerLength++] = bytes[at++];
        if (this.headerLength < 2 || this.headerLength < headerLengthOf(this.header[1])) {
          continue;
        }
        this.headerLength = 0;
        this.startFrame();
      }
      if (this.remaining === 0 && this.endsMessage) {
        this.endMessage();
      }
    }
  }

  private startFrame(): void {
    const [first, second] = this.header;
    const opcode = first & 0x0f;
    const length = payloadLengthOf(this.header);
    const fin = (first & FIN) !== 0;
    this.remaining = length;
    if (opcode < Opcode.close) {
      if (opcode !== Opcode.continuation) {
        this.messageOpcode = opcode;
      }
      this.messageLength += length;
      this.endsMessage = fin;
    }
    this.listener.onFrame({ opcode, fin, rsv1: (first & RSV1) !== 0, masked: (second & MASKED) !== 0, length });
  }

  private endMessage(): void {
    const length = this.messageLength;
    this.endsMessage = false;
    this.messageLength = 0;
    this.listener.onMessage(this.messageOpcode === Opcode.text ? 'text' : 'binary', length);
  }
}

function headerLengthOf(second: number): number {
  return clientHeaderLength(second) - ((second & MASKED) === 0 ? 4 : 0);
}

/** The length in a header, also one that the parser refuses. */
function payloadLengthOf(header: Buffer): number {
  const length = header[1] & 0x7f;
  return length === 126 ? header.readUInt16BE(2) : length === 127 ? Number(header.readBigUInt64BE(2)) : length;
}
