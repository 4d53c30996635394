import { mayReceiveCloseStatus, ProtocolError, WebSocketCloseStatus } from './close-status.js';
import { Fragment, MAX_MASKED_FRAGMENT_BYTES } from './fragment.js';
import { maskingKeyAfter, readMaskingKey, unmask } from './masking-key.js';
import {
  checkLength64,
  clientHeaderLength,
  FIN,
  MASKED,
  MAX_CLIENT_HEADER_BYTES,
  MAX_CONTROL_PAYLOAD_BYTES,
  Opcode,
  readLength64,
  RESERVED_BITS,
  RSV1,
} from './frame-header.js';
import { Utf8Validator } from './utf8-validator.js';

/** What a frame parser hands on, in the order of the bytes. */
export interface FrameReceiver {
  /** A part of a message. It is the parser's own object, valid until the call returns or, if it stopped the flow, until `resume`. */
  onFragment(fragment: Fragment): void;
  /** A whole ping; the payload is a view into the bytes of the read. */
  onPing(payload: Buffer): void;
  /** A whole pong; likewise. */
  onPong(payload: Buffer): void;
  /** The peer's close frame. The parser takes no byte after it. */
  onCloseFrame(status: number | undefined, description: string): void;
}

/**
 * Turns the bytes of a client into fragments and control frames (RFC 6455 section 5), however they are cut: one byte at
 * a time or a thousand frames at once. It holds at most a header and a control frame of 125 bytes, never a message, and
 * makes no object for a frame of data.
 *
 * While `isFlowing` is false it takes control frames but stops before the next byte of a message, and keeps the rest of
 * the read until `resume`.
 */
export class FrameParser {
  /** Whether fragments may be handed on. False until `receive` is called. */
  isFlowing = false;

  private readonly text = new Utf8Validator();
  private readonly fragment = new Fragment();

  /** Collects a header, later a control frame's payload, that a read cut in two. Made when that happens. */
  private partial: Buffer | undefined;
  private partialLength = 0;

  /** The frame at hand: whether its header was read, and what that said. */
  private isInFrame = false;
  private opcode = 0;
  private isFinal = false;
  private remaining = 0;
  /** For the next byte of its payload. */
  private maskingKey = 0;

  /** The message at hand: its opcode, 0 between messages, and whether it is compressed. */
  private messageOpcode = 0;
  private isMessageCompressed = false;

  /** What is left of a read that the flow stopped in. */
  private rest: Buffer | undefined;
  private isClosed = false;

  constructor(
    private readonly receiver: FrameReceiver,
    /** The largest fragment to hand on, in bytes. */
    private readonly receiveBufferSize: number,
    /** Whether permessage-deflate was agreed on. Of compressed text it is not checked whether it is UTF-8. */
    private readonly allowsCompression = false,
  ) {}

  /** Whether bytes wait for `resume`: until then no more should be read. */
  get isHolding(): boolean {
    return this.rest !== undefined;
  }

  /**
   * Takes the bytes of one read. They are unmasked in place.
   *
   * @throws ProtocolError when they break the protocol. The parser cannot be used after that.
   */
  parse(bytes: Buffer): void {
    if (this.rest !== undefined) {
      this.rest = Buffer.concat([this.rest, bytes]);
      return;
    }
    this.consume(bytes);
  }

  /** Goes on with what is left of the read that the flow stopped in. Throws as `parse` does. */
  resume(): void {
    const { rest } = this;
    if (rest !== undefined) {
      this.rest = undefined;
      this.consume(rest);
    }
  }

  /** Takes and holds no byte any more. */
  stop(): void {
    this.isClosed = true;
    this.rest = undefined;
  }

  private consume(bytes: Buffer): void {
    const end = bytes.length;
    let at = 0;
    while (!this.isClosed) {
      if (!this.isInFrame) {
        at = this.readHeader(bytes, at, end);
        if (!this.isInFrame) {
          break;
        }
      }
      if (this.opcode >= Opcode.close) {
        at = this.readControlFrame(bytes, at, end);
        if (this.isInFrame) {
          break;
        }
      } else {
        if (at === end && this.remaining > 0) {
          break;
        }
        if (!this.isFlowing) {
          this.rest = at === 0 ? bytes : bytes.subarray(at);
          return;
        }
        at = this.readFragment(bytes, at, end);
      }
    }
    if (this.isFlowing) {
      this.fragment.release();
    }
  }

  /** Hands on what is there of the frame at hand, at most one fragment, and returns where that ends. */
  private readFragment(bytes: Buffer, at: number, end: number): number {
    const { fragment, remaining } = this;
    const length = Math.min(remaining, end - at, this.receiveBufferSize);
    const to = at + length;
    const left = remaining - length;
    this.remaining = left;
    this.isInFrame = left > 0;
    const endOfMessage = left === 0 && this.isFinal;
    fragment.maskingKey = this.unmaskFragment(bytes, at, to, endOfMessage);
    this.maskingKey = maskingKeyAfter(this.maskingKey, length);
    fragment.chunk = bytes;
    fragment.start = at;
    fragment.end = to;
    fragment.view = undefined;
    fragment.opcode = this.messageOpcode;
    fragment.isCompressed = this.isMessageCompressed;
    fragment.endOfMessage = endOfMessage;
    if (endOfMessage) {
      this.messageOpcode = 0;
    }
    this.receiver.onFragment(fragment);
    return to;
  }

  /**
   * Unmasks a fragment, if it has to be looked at or is large; else it is unmasked where it is read or copied.
   *
   * @returns the key that it is masked with still
   */
  private unmaskFragment(bytes: Buffer, start: number, end: number, endOfMessage: boolean): number {
    const isText = this.messageOpcode === Opcode.text && !this.isMessageCompressed;
    if (!isText && end - start <= MAX_MASKED_FRAGMENT_BYTES) {
      return this.maskingKey;
    }
    const isAscii = unmask(bytes, start, end, this.maskingKey);
    if (isText) {
      this.checkText(bytes, start, end, isAscii, endOfMessage);
    }
    return 0;
  }

  private checkText(bytes: Buffer, start: number, end: number, isAscii: boolean, endOfMessage: boolean): void {
    const { text } = this;
    if ((!isAscii || !text.isComplete) && !text.accepts(bytes, start, end)) {
      throw new ProtocolError('A text message is not UTF-8', WebSocketCloseStatus.invalidPayloadData);
    }
    if (endOfMessage && !text.isComplete) {
      throw new ProtocolError('A text message ends inside a character', WebSocketCloseStatus.invalidPayloadData);
    }
  }

  /** Reads a header, or as much of it as there is. `isInFrame` tells whether it is whole. */
  private readHeader(bytes: Buffer, at: number, end: number): number {
    if (this.partialLength === 0 && end - at >= MAX_CLIENT_HEADER_BYTES) {
      this.startFrame(bytes[at], bytes[at + 1]);
      return this.readLengthAndKey(bytes, at);
    }
    // Byte by byte, so that a wrong byte is answered when it arrives and not when the header is whole.
    const header = (this.partial ??= Buffer.allocUnsafe(MAX_CONTROL_PAYLOAD_BYTES));
    let length = this.partialLength;
    for (let to = at; to < end;) {
      header[length++] = bytes[to++];
      if (length === 1) {
        this.checkFirstByte(header[0]);
      } else if (length === 2) {
        this.startFrame(header[0], header[1]);
      } else if (length === 3 && (header[1] & 0x7f) === 127) {
        checkLength64(header[2]);
      }
      if (length >= 2 && length === clientHeaderLength(header[1])) {
        this.partialLength = 0;
        this.readLengthAndKey(header, 0);
        return to;
      }
    }
    this.partialLength = length;
    return end;
  }

  /** RFC 6455 sections 5.2, 5.4 and 5.5: what a first byte may say, given whether a message is under way. */
  private checkFirstByte(first: number): void {
    const opcode = first & 0x0f;
    const reserved = first & RESERVED_BITS;
    if (reserved !== 0 && !(reserved === RSV1 && this.allowsCompression && isStartOfMessage(opcode))) {
      throw new ProtocolError('A frame has a reserved bit set that no extension gives a meaning');
    }
    if (opcode === Opcode.continuation) {
      if (this.messageOpcode === 0) {
        throw new ProtocolError('A continuation frame continues no message');
      }
    } else if (isStartOfMessage(opcode)) {
      if (this.messageOpcode !== 0) {
        throw new ProtocolError('A message starts before the one before it has ended');
      }
    } else if (opcode >= Opcode.close && opcode <= Opcode.pong) {
      if ((first & FIN) === 0) {
        throw new ProtocolError('A control frame is fragmented');
      }
    } else {
      throw new ProtocolError(`A frame has the opcode 0x${opcode.toString(16)}, which means nothing`);
    }
  }

  /** Checks and takes the first two bytes of a frame. */
  private startFrame(first: number, second: number): void {
    // A continuation inside a message is what most frames of a fragmented message are; nothing else can be wrong with it.
    if ((first & ~FIN) !== Opcode.continuation || this.messageOpcode === 0) {
      this.checkFirstByte(first);
    }
    if ((second & MASKED) === 0) {
      throw new ProtocolError('A frame of a client is not masked');
    }
    const opcode = first & 0x0f;
    if (opcode >= Opcode.close && (second & 0x7f) > MAX_CONTROL_PAYLOAD_BYTES) {
      throw new ProtocolError('A control frame has more than 125 bytes');
    }
    this.opcode = opcode;
    this.isFinal = (first & FIN) !== 0;
    if (isStartOfMessage(opcode)) {
      this.isMessageCompressed = (first & RSV1) !== 0;
    }
  }

  /** Takes the rest of a whole header, and returns where it ends. */
  private readLengthAndKey(header: Buffer, at: number): number {
    let keyAt = at + 2;
    let length = header[at + 1] & 0x7f;
    if (length === 126) {
      length = (header[at + 2] << 8) | header[at + 3];
      keyAt = at + 4;
    } else if (length === 127) {
      length = readLength64(header, at + 2);
      keyAt = at + 10;
    }
    this.maskingKey = readMaskingKey(header, keyAt);
    this.remaining = length;
    this.isInFrame = true;
    if (isStartOfMessage(this.opcode)) {
      this.messageOpcode = this.opcode;
    }
    return keyAt + 4;
  }

  /** Reads a control frame, or as much of it as there is. `isInFrame` stays true until it is whole. */
  private readControlFrame(bytes: Buffer, at: number, end: number): number {
    const length = this.remaining;
    const to = at + length - this.partialLength;
    if (this.partialLength === 0 && to <= end) {
      this.finishControlFrame(bytes, at, to);
      return to;
    }
    const payload = (this.partial ??= Buffer.allocUnsafe(MAX_CONTROL_PAYLOAD_BYTES));
    const taken = Math.min(to, end);
    this.partialLength += bytes.copy(payload, this.partialLength, at, taken);
    if (this.partialLength === length) {
      this.partialLength = 0;
      this.finishControlFrame(payload, 0, length);
    }
    return taken;
  }

  private finishControlFrame(bytes: Buffer, start: number, end: number): void {
    this.isInFrame = false;
    unmask(bytes, start, end, this.maskingKey);
    const payload = bytes.subarray(start, end);
    if (this.opcode === Opcode.ping) {
      this.receiver.onPing(payload);
    } else if (this.opcode === Opcode.pong) {
      this.receiver.onPong(payload);
    } else {
      this.finishClose(payload);
    }
  }

  private finishClose(payload: Buffer): void {
    if (payload.length === 0) {
      this.isClosed = true;
      this.receiver.onCloseFrame(undefined, '');
      return;
    }
    if (payload.length === 1) {
      throw new ProtocolError('A close frame has a payload of one byte; a status takes two');
    }
    const status = payload.readUInt16BE(0);
    if (!mayReceiveCloseStatus(status)) {
      throw new ProtocolError(`A close frame has the status ${status}, which no endpoint may send`);
    }
    const text = new Utf8Validator();
    if (!text.accepts(payload, 2, payload.length) || !text.isComplete) {
      throw new ProtocolError('The reason of a close frame is not UTF-8', WebSocketCloseStatus.invalidPayloadData);
    }
    this.isClosed = true;
    this.receiver.onCloseFrame(status, payload.toString('utf8', 2));
  }
}

function isStartOfMessage(opcode: number): boolean {
  return opcode === Opcode.text || opcode === Opcode.binary;
}
