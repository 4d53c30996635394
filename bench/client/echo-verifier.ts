import { check, FrameReader, type FrameHeader, type FrameReceiver } from './frame-reader.js';
import { Opcode } from './frames.js';
import type { EchoForm, MessageRing } from './message-ring.js';

/** Is told of the frames that are no echo. */
export interface ControlFrames {
  onPing(payload: Buffer): void;
  onClose(payload: Buffer): void;
}

/**
 * Compares every byte that comes back on a connection with the one that has to come: the messages, their order and
 * type, where each ends, and that frames are well-formed. A server may frame a message as it likes.
 *
 * Most servers frame it in one of two ways, so a read is first compared, as a whole, with what it is then. Only where
 * that fails are frames read one by one, up to the end of a message: a load generator has to be quicker than what it
 * measures.
 */
export class EchoVerifier implements FrameReceiver {
  /** Which form the last echoes had, and how many bytes of the current message were found to have it. */
  private form: EchoForm | undefined;
  private matched = 0;

  private readonly frames = new FrameReader(this);
  private opcode = 0;
  private isFinal = false;
  private isInMessage = false;
  private isCompressed = false;
  /** How many bytes of the current message were compared, where it is not compressed. */
  private compared = 0;
  /** What is kept up to the end: of a control frame, or of a compressed message. */
  private control: Buffer[] = [];
  private compressed: Buffer[] = [];
  private completed = 0;

  /** @param message which one of the ring the server is sent first */
  constructor(
    private readonly ring: MessageRing,
    private message: number,
    private readonly controlFrames: ControlFrames,
  ) {
    this.form = ring.echoForms[0];
  }

  /**
   * Takes what a read brought, from `start` to `end`.
   *
   * @returns how many messages that completed
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
        'other bytes than it was sent',
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
      this.ring.compressedEchoes.check(this.message, Buffer.concat(this.compressed));
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

  /** What was found to have a form is read now, as the beginning of what is read frame by frame. */
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
