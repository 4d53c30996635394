import { countOf } from './preview.js';
import type { Payload } from './log-entry.js';

/** Messages that wait for their echo are forgotten above this number, so that a server that does not echo costs nothing. */
const MOST_WAITING = 10_000;

/** How many later messages are compared when one is not the echo that is due: an echo may have been lost. */
const LOOK_AHEAD = 16;

/** What is known of a received message. */
export interface EchoResult {
  /** Milliseconds since the message was sent whose echo this is. */
  readonly roundTrip?: number;
  /** How the echo differs from what was sent, in a sentence. */
  readonly difference?: string;
}

/**
 * Pairs sent messages with their echoes. A WebSocket keeps the order, so the echo that is due is that of the oldest
 * message. Differences are reported once the peer is known to echo: by its address, or because it has echoed before.
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
          ...(ahead > 0 && { difference: `${countOf(ahead, 'message')} sent before this one did not come back.` }),
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

/** Says where two messages differ. */
export function differenceOf(sent: Payload, received: Payload): string {
  if (typeof sent === 'string' && typeof received === 'string') {
    let index = 0;
    while (index < sent.length && sent[index] === received[index]) {
      index += 1;
    }
    return `Differs from what was sent at character ${index}: sent ${around(sent, index)}, received ${around(received, index)}.`;
  }
  if (typeof sent === 'string') {
    return 'Differs from what was sent: text was sent, and bytes came back.';
  }
  if (typeof received === 'string') {
    return 'Differs from what was sent: bytes were sent, and text came back.';
  }
  const index = firstDifference(new Uint8Array(sent), new Uint8Array(received));
  const sizes = `${countOf(sent.byteLength, 'byte')} sent, ${countOf(received.byteLength, 'byte')} received`;
  return `Differs from what was sent at byte ${index} (${sizes}).`;
}

function around(text: string, index: number): string {
  return index >= text.length ? 'nothing more' : JSON.stringify(text.slice(index, index + 20));
}
