import type { Timers } from '../connection/reconnection.js';

/** The time limit for sending in one turn of the event loop, in milliseconds: keys and buttons stay responsive. */
const SLICE = 8;

/** A delay that lets the browser send its buffered data. */
const BACKPRESSURE_DELAY = 4;

/** The environment of a {@link Repeater}. */
export interface RepeaterEnvironment extends Timers {
  /** A clock in milliseconds. */
  now(): number;
}

/** The messages of a repetition and their schedule. */
export interface Repetition {
  /** Infinity repeats until it is stopped. */
  readonly times: number;
  /** Milliseconds from one message to the next; 0 sends as fast as the connection allows. */
  readonly interval: number;
  /** Sends the next message. `false` ends the repetition, because the message cannot be sent. */
  send(): boolean;
  /** Whether so much data is buffered that the repetition should wait. */
  isCongested(): boolean;
  /** Called after each turn and at the end. */
  onProgress(sent: number, isRunning: boolean): void;
}

/** Sends repeatedly: a number of times, at an interval, or as a burst. One repetition at a time. */
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

  /** Starts a repetition after stopping the current one. The first message is sent at once. */
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

  /** @param due - the scheduled time of this turn */
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
    // A late turn does not cause a burst of the next ones.
    const next = Math.max(due + interval, now + (repetition.isCongested() ? BACKPRESSURE_DELAY : 0));
    this.timer = this.environment.setTimeout(() => this.turn(Math.max(next, now)), Math.max(0, next - now));
  }
}
