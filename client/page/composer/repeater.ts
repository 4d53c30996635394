import type { Timers } from '../connection/reconnection.js';

/** One turn of the event loop sends for at most this many milliseconds, so that keys and buttons are answered. */
const SLICE = 8;

/** A delay that lets the browser send what waits in its buffer. */
const BACKPRESSURE_DELAY = 4;

/** What a {@link Repeater} needs of its environment. */
export interface RepeaterEnvironment extends Timers {
  /** A clock in milliseconds. */
  now(): number;
}

/** What is repeated, and how. */
export interface Repetition {
  /** Infinity repeats until it is stopped. */
  readonly times: number;
  /** Milliseconds from one message to the next; 0 sends as fast as the connection takes them. */
  readonly interval: number;
  /** Sends the next message. `false` ends the repetition: the message cannot be sent. */
  send(): boolean;
  /** Whether so much waits to be sent that more should not be added. */
  isCongested(): boolean;
  /** Called after each turn and at the end. */
  onProgress(sent: number, isRunning: boolean): void;
}

/** Sends again and again: a number of times, at an interval, or as a burst. One repetition at a time. */
export class Repeater {
  private readonly environment: RepeaterEnvironment;
  private timer: unknown;
  private repetition: Repetition | undefined;
  private sent = 0;

  constructor(environment: RepeaterEnvironment) {
    this.environment = environment;
  }

  get isRunning(): boolean {
    return this.repetition !== undefined;
  }

  /** Starts a repetition, after the one that runs has been stopped. The first message is sent at once. */
  start(repetition: Repetition): void {
    this.stop();
    this.repetition = repetition;
    this.sent = 0;
    this.turn(this.environment.now());
  }

  stop(): void {
    const repetition = this.repetition;
    if (repetition) {
      this.environment.clearTimeout(this.timer);
      this.repetition = undefined;
      repetition.onProgress(this.sent, false);
    }
  }

  /** @param due - when this turn should have been */
  private turn(due: number): void {
    const repetition = this.repetition;
    if (!repetition) {
      return;
    }
    const { times, interval } = repetition;
    const deadline = this.environment.now() + SLICE;
    do {
      if (repetition.isCongested()) {
        break;
      }
      if (!repetition.send()) {
        this.stop();
        return;
      }
      this.sent += 1;
    } while (interval === 0 && this.sent < times && this.environment.now() < deadline);
    if (this.sent >= times) {
      this.stop();
      return;
    }
    repetition.onProgress(this.sent, true);
    const now = this.environment.now();
    // A turn that comes late does not make the next ones come in a crowd.
    const next = Math.max(due + interval, now + (repetition.isCongested() ? BACKPRESSURE_DELAY : 0));
    this.timer = this.environment.setTimeout(() => this.turn(Math.max(next, now)), Math.max(0, next - now));
  }
}
