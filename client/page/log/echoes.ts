import { countOf } from './preview.js';
import type { Payload } from './log-entry.js';

/** The maximum number of messages that wait for an echo, so that a server that does not echo costs no memory. */
const MOST_WAITING = 10_000;

/** How many later messages are compared when one is not the expected echo: an echo may have been lost. */
const LOOK_AHEAD = 16;

/** The result for a received message. */
export interface EchoResult {
  /** Milliseconds since the echoed message was sent. */
  readonly roundTrip?: number;
  /** The difference between the echo and the sent message, in a sentence. */
  readonly difference?: string;
}

/**
 * Matches sent messages with their echoes. A WebSocket keeps the order, so the next echo is that of the oldest
 * message. Differences are reported only for a peer that echoes: by its address, or because it has echoed before.
 */
export class Echoes {
  private readonly unanswered: { readonly data: Payload; readonly at: number }[] = [];
  private head = 0;
  private peerEchoes: boolean;

  constructor(peerEchoes = false) {
    this.peerEchoes = peerEchoes;
  }

  get waiting(): number {
    return this.unanswered.length - this.head;
  }

  /** @param at - a clock in milliseconds */
  sent(data: Payload, at: number): void {
    this.unanswered.push({ data, at });
    if (this.waiting > MOST_WAITING) {
      this.take();
    }
  }

  received(data: Payload, at: number): EchoResult {
    const due = this.unanswered[this.head];
    if (!due) {
      return {};
    }
    const last = Math.min(this.waiting, LOOK_AHEAD);
    for (let ahead = 0; ahead < last; ahead += 1) {
      const candidate = this.unanswered[this.head + ahead];
      if (candidate && isSame(candidate.data, data)) {
        for (let lost = 0; lost <= ahead; lost += 1) {
          this.take();
        }
        this.peerEchoes = true;
        return {
          roundTrip: at - candidate.at,
          ...(ahead > 0 && { difference: `${countOf(ahead, 'message')} sent before this one had no echo.` }),
        };
      }
    }
    if (!this.peerEchoes) {
      return {};
    }
    this.take();
    return { roundTrip: at - due.at, difference: differenceOf(due.data, data) };
  }

  private take(): void {
    this.head += 1;
    // Removing in blocks keeps the cost of one removal constant.
    if (this.head >= 1_024 || this.head === this.unanswered.length) {
      this.unanswered.splice(0, this.head);
      this.head = 0;
    }
  }
}

function isSame(one: Payload, other: Payload): boolean {
  if (typeof one === 'string' || typeof other === 'string') {
    return one === other;
  }
  return one.byteLength === other.byteLength && firstDifference(new Uint8Array(one), new Uint8Array(other)) === -1;
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const shorter = Math.min(one.length, other.length);
  for (let index = 0; index < shorter; index += 1) {
    if (one[index] !== other[index]) {
      return index;
    }
  }
  return one.length === other.length ? -1 : shorter;
}

/** Describes the first difference between two messages. */
export function differenceOf(sent: Payload, received: Payload): string {
  if (typeof sent === 'string' && typeof received === 'string') {
    let index = 0;
    while (index < sent.length && sent[index] === received[index]) {
      index += 1;
    }
    return `Differs from the sent message at character ${index}: sent ${around(sent, index)}, received ${around(received, index)}.`;
  }
  if (typeof sent === 'string') {
    return 'Differs from the sent message: text was sent, and binary was received.';
  }
  if (typeof received === 'string') {
    return 'Differs from the sent message: binary was sent, and text was received.';
  }
  const index = firstDifference(new Uint8Array(sent), new Uint8Array(received));
  const sizes = `${countOf(sent.byteLength, 'byte')} sent, ${countOf(received.byteLength, 'byte')} received`;
  return `Differs from the sent message at byte ${index} (${sizes}).`;
}

function around(text: string, index: number): string {
  return index >= text.length ? 'nothing more' : JSON.stringify(text.slice(index, index + 20));
}
