import { check, Opcode, type EchoForm, type MessageRing } from './messages.js';

/** Receives the frames that are not part of an echo. */
export interface ControlFrames {
  onPing(payload: Buffer): void;
  onClose(payload: Buffer): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * Compares every byte of a connection with the expected byte: the content, order and type of messages, where each one
 * ends, and that frames are well-formed. A server may split a message into frames as it likes.
 *
 * Most servers use one of two forms, so each read is first compared as a whole with these forms. Only when that fails, the
 * frames are parsed one by one. This keeps the load faster than the server that it measures.
 */
export class EchoVerifier {
  /** The form of the last echoes, and how many bytes of the current message had it. */
  private form: EchoForm | undefined;
  private matched = 0;
  /** The first bytes of a frame whose other bytes have not arrived yet. */
  private incomplete: Buffer = NOTHING;
  private isInMessage = false;
  private isCompressed = false;
  /** How many bytes of the current message were compared, if it is not compressed. */
  private compared = 0;
  /** The payloads of the current message, if it is compressed. */
  private compressed: Buffer[] = [];
  private completed = 0;

  /** @param message the index of the first message */
  constructor(
    private readonly ring: MessageRing,
    private message: number,
    private readonly controlFrames: ControlFrames,
  ) {
    this.form = ring.echoForms[0];
  }

  /**
   * Verifies the bytes of a read, from `start` to `end`.
   *
   * @returns the number of messages that ended in them
   * @throws EchoError
   */
  receive(bytes: Buffer, start: number, end: number): number {
    this.completed = 0;
    for (let at = start; at < end;) {
      const isBetweenMessages = !this.isInMessage && this.incomplete.length === 0;
      at = isBetweenMessages && this.hasKnownForm(bytes, at, end) ? end : this.readFrame(bytes.subarray(at, end), at);
    }
    return this.completed;
  }

  private hasKnownForm(bytes: Buffer, start: number, end: number): boolean {
    if (this.form && this.hasForm(this.form, bytes, start, end)) {
      return true;
    }
    if (this.form && this.matched > 0) {
      const from = this.message * this.form.messageLength;
      this.incomplete = this.form.bytes.subarray(from, from + this.matched);
      this.matched = 0;
      return false;
    }
    const other = this.ring.echoForms.find((form) => form !== this.form && this.hasForm(form, bytes, start, end));
    this.form = other ?? this.form;
    return other !== undefined;
  }

  private hasForm(form: EchoForm, bytes: Buffer, start: number, end: number): boolean {
    const { bytes: expected, messageLength } = form;
    let position = this.message * messageLength + this.matched;
    for (let at = start; at < end; position = 0) {
      const length = Math.min(end - at, expected.length - position);
      if (bytes.compare(expected, position, position + length, at, at + length) !== 0) {
        return false;
      }
      at += length;
    }
    const matched = this.matched + end - start;
    const messages = Math.floor(matched / messageLength);
    this.matched = matched - messages * messageLength;
    this.completed += messages;
    this.message = (this.message + messages) % this.ring.count;
    return true;
  }

  /**
   * Reads up to the end of a frame, or keeps the bytes of an incomplete one.
   *
   * @param start where `bytes` begin in the read
   * @returns the position in the read after the last byte that was used
   */
  private readFrame(bytes: Buffer, start: number): number {
    const kept = this.incomplete.length;
    const whole = kept === 0 ? bytes : Buffer.concat([this.incomplete, bytes]);
    const payloadStart = headerLength(whole);
    const payloadEnd = whole.length < payloadStart ? Infinity : payloadStart + this.checkHeader(whole, payloadStart);
    if (whole.length < payloadEnd) {
      // The buffer of the read is used again.
      this.incomplete = kept === 0 ? Buffer.from(whole) : whole;
      return start + bytes.length;
    }
    this.incomplete = NOTHING;
    this.takeFrame(whole[0], whole.subarray(payloadStart, payloadEnd));
    return start + payloadEnd - kept;
  }

  /** @returns the length of the payload */
  private checkHeader(header: Buffer, length: number): number {
    const [first, second] = header;
    const opcode = first & 0x0f;
    const isCompressed = (first & 0x40) !== 0;
    const payloadLength =
      length === 2 ? second : length === 4 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
    check((first & 0x30) === 0, 'a frame with a reserved bit');
    check((second & 0x80) === 0, 'a masked frame');
    check(length === 2 || payloadLength >= (length === 4 ? 126 : 65536), 'a length in more bytes than it needs');
    if (opcode >= Opcode.close) {
      check(first >= 0x80 && !isCompressed && length === 2, 'a malformed control frame');
      return payloadLength;
    }
    const due = this.isInMessage ? Opcode.continuation : this.ring.opcode;
    check(opcode === due, `a frame of opcode ${opcode} where ${due} is due`);
    check(!isCompressed || this.ring.isCompressed, 'a compressed message');
    check(!isCompressed || !this.isInMessage, 'RSV1 within a message');
    const isLonger = this.compared + payloadLength > this.ring.messageLength;
    check(isCompressed || this.isCompressed || !isLonger, 'a longer message');
    return payloadLength;
  }

  private takeFrame(first: number, payload: Buffer): void {
    const opcode = first & 0x0f;
    if (opcode === Opcode.ping) {
      this.controlFrames.onPing(Buffer.from(payload));
    } else if (opcode === Opcode.close) {
      this.controlFrames.onClose(Buffer.from(payload));
    } else if (opcode < Opcode.close) {
      this.isInMessage = true;
      this.isCompressed ||= (first & 0x40) !== 0;
      if (this.isCompressed) {
        this.compressed.push(Buffer.from(payload));
      } else {
        const from = this.message * this.ring.messageLength + this.compared;
        check(payload.compare(this.ring.payload, from, from + payload.length) === 0, 'other bytes than it received');
        this.compared += payload.length;
      }
      if (first >= 0x80) {
        this.endMessage();
      }
    }
  }

  private endMessage(): void {
    if (this.isCompressed) {
      this.ring.checkCompressed(this.message, Buffer.concat(this.compressed));
    } else {
      check(this.compared === this.ring.messageLength, 'a shorter message');
    }
    this.isInMessage = false;
    this.isCompressed = false;
    this.compared = 0;
    this.compressed = [];
    this.completed++;
    this.message = (this.message + 1) % this.ring.count;
  }
}

/** The length of a server's frame header. The header may be incomplete. */
function headerLength(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}
