import { setTimeout as delay } from 'node:timers/promises';

/**
 * Says when messages are due, at even distances, whatever becomes of those before. Timers are late by a millisecond or so;
 * what falls due in the meantime is made up for, with the time at which it was due.
 *
 * @param rate messages a second
 * @param duration in milliseconds
 * @param signal ends it early
 */
export async function keepSchedule(
  rate: number,
  duration: number,
  signal: AbortSignal,
  send: (dueAt: number) => void,
): Promise<void> {
  const begin = performance.now();
  const total = Math.max(1, Math.floor((rate * duration) / 1000));
  const dueAt = (index: number): number => begin + (index * 1000) / rate;
  for (let index = 0; index < total && !signal.aborted;) {
    const now = performance.now();
    for (; index < total && dueAt(index) <= now; index++) {
      send(dueAt(index));
    }
    // With the last one it ends when another would be due, so that the rate is right; but not later than it should.
    const wakeAt = Math.min(dueAt(index), begin + duration);
    await delay(Math.max(1, wakeAt - performance.now()), undefined, { signal }).catch(() => {});
  }
}
