import type { Connect, ConnectionListener } from './connection.js';
import { check, FrameReader, type FrameHeader, type FrameReceiver } from './frame-reader.js';
import { buildFrame, Opcode } from './frames.js';
import type { Http1Connection } from './http1-connection.js';
import { seededRandom } from './random-content.js';
import { readEvent, type RoomMessages } from './room-messages.js';

const maskingKey = seededRandom(0x5a1d);

/** Who follows what members hear, and what they are to hear. */
export interface RoomListener {
  readonly messages: RoomMessages;
  /** The id of who speaks. */
  readonly speaker: string;
  /** A member has heard the message with a number. */
  onHeard(number: number): void;
  /** A member that was in the room has failed. */
  onLost(error: Error): void;
}

/** A client that is in a room, and verifies that it hears all that is said, in order. */
export class RoomMember implements ConnectionListener, FrameReceiver {
  /** What the server calls it. */
  id = '';
  /** Why it can no longer be used. */
  failure: Error | undefined;

  readonly connection: Http1Connection;
  private readonly frames = new FrameReader(this);
  private isInMessage = false;
  private isFinal = false;
  private payload: Buffer[] = [];
  /** The number of the message that is due. */
  private next = 0;
  private isReading = true;
  private settle: () => void = () => {};

  constructor(
    connect: Connect<Http1Connection>,
    private readonly room: RoomListener,
  ) {
    this.connection = connect({}, this);
  }

  /** Resolves when it was welcomed, or has failed. To be called at once. */
  opened(): Promise<void> {
    return new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  say(text: string): void {
    this.connection.write(buildFrame(Opcode.text, Buffer.from(text), { maskingKey }));
  }

  /** What it is sent from now on stays unread, and the server may do with it what it likes. */
  stopReading(): void {
    this.isReading = false;
    this.connection.pause();
  }

  onOpen(): void {}

  onBytes(bytes: Buffer, start: number, end: number): void {
    // Of a connection that stops to read, one more read arrives.
    let at = this.isReading ? start : end;
    while (at < end) {
      const isBetweenMessages = !this.isInMessage && !this.frames.isWithinFrame;
      const length = isBetweenMessages ? this.room.messages.matchFrame(this.next, bytes, at, end) : 0;
      if (length > 0) {
        at += length;
        this.hear();
      } else {
        at = this.frames.read(bytes, at, end);
      }
    }
  }

  beginFrame({ opcode, isFinal, isCompressed }: FrameHeader): void {
    const due = this.isInMessage ? Opcode.continuation : Opcode.text;
    check(opcode === due && !isCompressed, `a frame of opcode ${opcode} where ${due} is due`);
    this.isInMessage = true;
    this.isFinal = isFinal;
  }

  takePayload(bytes: Buffer, start: number, end: number): void {
    this.payload.push(Buffer.from(bytes.subarray(start, end)));
  }

  endFrame(): void {
    if (this.isFinal) {
      const payload = Buffer.concat(this.payload);
      this.isInMessage = false;
      this.payload = [];
      this.onMessage(payload);
    }
  }

  onFailure(error: Error): void {
    this.failure = error;
    this.settle();
    if (this.id !== '' && this.isReading) {
      this.room.onLost(error);
    }
  }

  private onMessage(payload: Buffer): void {
    if (this.room.messages.isKnown(this.next, payload)) {
      this.hear();
      return;
    }
    const event = readEvent(payload);
    if (event.type === 'welcome') {
      this.id = event.you;
      this.settle();
    } else if (event.type === 'message') {
      this.room.messages.check(this.next, event, payload, this.room.speaker);
      this.hear();
    }
  }

  private hear(): void {
    this.room.onHeard(this.next++);
  }
}
