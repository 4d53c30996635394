import { check, FrameReader, Opcode, type FrameHeader, type FrameReceiver } from './frames.js';
import type { EchoForm, MessageRing } from './message-ring.js';

/** Receives the frames that are not part of an echo. */
export interface ControlFrames {
  onPing(payload: Buffer): void;
  onClose(payload: Buffer): void;
}

/**
 * Compares every byte of a connection with the expected byte: the content, order and type of messages, where each one
 * ends, and that frames are well-formed. A server may split a message into frames as it likes.
 *
 * Most servers use one of two forms, so each read is first compared as a whole with these forms. Frames are parsed one by
 * one only when that fails. This keeps the load faster than the server that it measures.
 */
export class EchoVerifier implements FrameReceiver {
  /** The form of the last echoes, and how many bytes of the current message had it. */
  private form: EchoForm | undefined;
  private matched = 0;

  private readonly frames = new FrameReader(this);
  private opcode = 0;
  private isFinal = false;
  private isInMessage = false;
  private isCompressed = false;
  /** How many bytes of the current message were compared, if it is not compressed. */
  private compared = 0;
  /** Pieces of a control frame and of a compressed message, kept until its end. */
  private control: Buffer[] = [];
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
    let at = start;
    while (at < end && (this.isInMessage || this.frames.isWithinFrame)) {
      at = this.frames.read(bytes, at, end);
    }
    if (at < end && !this.hasKnownForm(bytes, at, end)) {
      this.readMatched();
      while (at < end) {
        at = this.frames.read(bytes, at, end);
      }
    }
    return this.completed;
  }

  beginFrame({ opcode, isFinal, isCompressed, length }: FrameHeader): void {
    this.opcode = opcode;
    this.isFinal = isFinal;
    if (opcode >= Opcode.close) {
      this.control = [];
      return;
    }
    const due = this.isInMessage ? Opcode.continuation : this.ring.opcode;
    check(opcode === due, `a frame of opcode ${opcode} where ${due} is due`);
    if (!this.isInMessage) {
      this.isInMessage = true;
      this.isCompressed = isCompressed;
      this.compared = 0;
      this.compressed = [];
      check(!isCompressed || this.ring.isCompressed, 'a compressed message');
    } else {
      check(!isCompressed, 'RSV1 within a message');
    }
    check(this.isCompressed || this.compared + length <= this.ring.messageLength, 'a longer message');
  }

  takePayload(bytes: Buffer, start: number, end: number): void {
    if (this.opcode >= Opcode.close) {
      this.control.push(Buffer.from(bytes.subarray(start, end)));
    } else if (this.isCompressed) {
      this.compressed.push(Buffer.from(bytes.subarray(start, end)));
    } else {
      const from = this.message * this.ring.messageLength + this.compared;
      check(
        bytes.compare(this.ring.payload, from, from + end - start, start, end) === 0,
        'other bytes than it received',
      );
      this.compared += end - start;
    }
  }

  endFrame(): void {
    if (this.opcode === Opcode.ping) {
      this.controlFrames.onPing(Buffer.concat(this.control));
    } else if (this.opcode === Opcode.close) {
      this.controlFrames.onClose(Buffer.concat(this.control));
    } else if (this.opcode < Opcode.close && this.isFinal) {
      this.endMessage();
    }
  }

  private endMessage(): void {
    if (this.isCompressed) {
      this.ring.checkCompressed(this.message, Buffer.concat(this.compressed));
    } else {
      check(this.compared === this.ring.messageLength, 'a shorter message');
    }
    this.isInMessage = false;
    this.completed++;
    this.message = (this.message + 1) % this.ring.count;
  }

  private hasKnownForm(bytes: Buffer, start: number, end: number): boolean {
    if (this.form && this.hasForm(this.form, bytes, start, end)) {
      return true;
    }
    if (this.matched > 0) {
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

  /** Parses the bytes of the current message that were only compared so far. */
  private readMatched(): void {
    if (this.form && this.matched > 0) {
      const start = this.message * this.form.messageLength;
      const end = start + this.matched;
      this.matched = 0;
      for (let at = start; at < end;) {
        at = this.frames.read(this.form.bytes, at, end);
      }
    }
  }
}
