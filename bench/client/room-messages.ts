import type { RoomEvent, Said } from '../envelope.js';
import { check, EchoError } from './frame-reader.js';
import { buildFrame, Opcode } from './frames.js';
import { randomText, seededRandom } from './random-content.js';

/** So many different texts are said. The number in front makes every message another one. */
const TEXTS = 64;
const NUMBER_LENGTH = 10;

interface KnownMessage {
  readonly payload: Buffer;
  /** The payload as a frame, as servers send it. */
  readonly frame: Buffer;
}

/**
 * What is said in a room: numbered texts. The server tells all members the same, so what the first one got is read and
 * checked, and what the others get is compared with that, byte by byte: a load generator has to be quicker than what it
 * measures.
 */
export class RoomMessages {
  private readonly texts: readonly string[];
  /** As the first member got them, by number; only those that are on their way. */
  private readonly known: (KnownMessage | undefined)[] = [];

  /**
   * @param size of a text, in bytes
   * @param inFlight how many messages are on their way at most
   */
  constructor(
    size: number,
    private readonly inFlight: number,
  ) {
    const random = seededRandom(1);
    this.texts = Array.from({ length: TEXTS }, () => randomText(size - NUMBER_LENGTH, false, random).toString());
  }

  /** The text with a number. It is said once: what was said so many messages before is forgotten. */
  text(number: number): string {
    this.known[number % this.inFlight] = undefined;
    return this.textOf(number);
  }

  /** @returns how many bytes from `start` are the whole frame of a message; 0 where they are not, or nobody knows yet */
  matchFrame(number: number, bytes: Buffer, start: number, end: number): number {
    const frame = this.known[number % this.inFlight]?.frame;
    if (!frame || end - start < frame.length) {
      return 0;
    }
    return bytes.compare(frame, 0, frame.length, start, start + frame.length) === 0 ? frame.length : 0;
  }

  /** Whether what came in pieces is a message as others got it. */
  isKnown(number: number, payload: Buffer): boolean {
    return this.known[number % this.inFlight]?.payload.equals(payload) ?? false;
  }

  /**
   * Checks what came as a message that was read.
   *
   * @param speaker who is to have said it
   * @throws EchoError
   */
  check(number: number, { text, from }: Said, payload: Buffer, speaker: string): void {
    check(text === this.textOf(number), 'another text than was said');
    check(from === speaker, 'another sender than the one who said it');
    this.known[number % this.inFlight] ??= { payload, frame: buildFrame(Opcode.text, payload) };
  }

  private textOf(number: number): string {
    return String(number).padStart(NUMBER_LENGTH, '0') + this.texts[number % TEXTS];
  }
}

/** @throws EchoError where it is no JSON */
export function readEvent(payload: Buffer): RoomEvent {
  try {
    return JSON.parse(payload.toString()) as RoomEvent;
  } catch (error) {
    throw new EchoError('The server sent a message that is no JSON.', { cause: error });
  }
}
