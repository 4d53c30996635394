import { Queue } from '../queue.js';
import type { Message } from '../message.js';

/** How many bytes are shown from the first difference between two messages. */
const SHOWN = 16;

/** A received message in relation to the message that it answers. */
export interface Echo {
  /** The time since that message was sent, in milliseconds; undefined if it answers no message. */
  readonly roundTrip?: number;
  /** With `verify`: the difference between the two. */
  readonly difference?: string;
}

interface Pending {
  readonly sentAt: number;
  /** Kept for the comparison only. */
  readonly message?: Message;
}

/**
 * Counts messages, and matches each received message with the oldest message that has no answer. This is right for a server
 * that answers each message with one message, such as an echo.
 */
export class Echoes {
  sent = 0;
  received = 0;
  /** Messages without an answer when their connection ended. */
  lost = 0;
  differed = 0;
  private readonly pending = new Queue<Pending>();

  /**
   * @param echo whether the server answers each message with one message
   * @param verify whether messages are kept and compared with their echoes
   */
  constructor(
    private readonly echo: boolean,
    private readonly verify: boolean,
  ) {}

  /** The number of messages without an answer. */
  get outstanding(): number {
    return this.pending.length;
  }

  send(message: Message): void {
    this.sent++;
    if (this.echo) {
      this.pending.push({ sentAt: performance.now(), message: this.verify ? message : undefined });
    }
  }

  receive(message: Message): Echo {
    const roundTripEnd = performance.now();
    this.received++;
    const answered = this.pending.shift();
    const difference = this.verify ? differenceBetween(answered?.message, message) : undefined;
    if (difference !== undefined) {
      this.differed++;
    }
    return { roundTrip: answered && roundTripEnd - answered.sentAt, difference };
  }

  /** Gives up the messages without an answer, because their connection has ended. @returns their number */
  giveUp(): number {
    const { outstanding } = this;
    this.lost += outstanding;
    this.pending.clear();
    return outstanding;
  }
}

/** The difference between a sent and a received message, in words; undefined if they are equal. */
function differenceBetween(sent: Message | undefined, received: Message): string | undefined {
  if (!sent) {
    return 'it was received although every message had its echo';
  }
  if (sent.binary !== received.binary) {
    return `it was ${kind(sent)} and came back as ${kind(received)}`;
  }
  if (sent.data.equals(received.data)) {
    return undefined;
  }
  const at = sent.data.findIndex((byte, index) => byte !== received.data[index]);
  const first = at < 0 ? sent.data.length : at;
  const lengths =
    sent.data.length === received.data.length ? '' : `, ${sent.data.length} bytes became ${received.data.length}`;
  return `from byte ${first} on: ${excerpt(sent, first)} became ${excerpt(received, first)}${lengths}`;
}

function kind({ binary }: Message): string {
  return binary ? 'binary' : 'text';
}

function excerpt({ data, binary }: Message, from: number): string {
  if (from >= data.length) {
    return 'nothing';
  }
  if (binary) {
    return data.subarray(from, from + SHOWN).toString('hex');
  }
  let start = from;
  while (isContinuation(data[start])) {
    start--;
  }
  let end = Math.min(data.length, start + SHOWN);
  while (isContinuation(data[end])) {
    end--;
  }
  return JSON.stringify(data.toString('utf8', start, end));
}

/** Whether a byte of UTF-8 continues a character (RFC 3629 section 3). */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
