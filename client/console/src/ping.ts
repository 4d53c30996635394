import { setTimeout as delay } from 'node:timers/promises';
import { Payloads } from './payloads.js';
import { allEchoes, type Patience } from './session/await-echoes.js';
import type { Session } from './session/session.js';

/** What is sent, how often. */
export interface PingOptions {
  /** How many messages; Infinity for as many as there is time for. */
  readonly count: number;
  /** Milliseconds from one message to the next; 0 sends the next one when the echo is there. */
  readonly interval: number;
  /** Bytes of each message. */
  readonly size: number;
  readonly binary: boolean;
}

/**
 * Sends messages at an interval, and closes when all echoes are in.
 *
 * @returns false when the session ended before all were sent
 */
export async function ping(session: Session, options: PingOptions, patience: Patience): Promise<boolean> {
  const { count, interval, size, binary } = options;
  const payloads = new Payloads(size, binary);
  let due = performance.now();
  for (let sequence = 0; sequence < count; sequence++) {
    // The session's end ends the waiting.
    await delay(Math.max(0, due - performance.now()), undefined, { signal: session.over }).catch(() => {});
    if (!(await session.send({ data: payloads.at(sequence), binary }))) {
      return false;
    }
    if (interval === 0) {
      await allEchoes(session, patience);
    }
    // What could not be sent in time is not made up for all at once.
    due = Math.max(due + interval, performance.now());
  }
  session.close(undefined, await allEchoes(session, patience));
  return true;
}
