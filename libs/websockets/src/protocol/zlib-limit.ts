/**
 * How many connections may have zlib at work at the same time. It works on the four threads that Node.js also reads files
 * and resolves names with. With more, one busy connection would fill the queue of the threads; with fewer, threads idle.
 */
const MAX_AT_WORK = 8;

/**
 * Messages up to this size, deflated or not, are deflated and inflated on the main thread, in bytes. That takes 0.1 ms at
 * most; the way through the threads takes as much CPU.
 */
export const AT_ONCE_UP_TO = 16 * 1024;

let atWork = 0;
const waiting: (() => void)[] = [];

/** Waits for permission to use zlib, in the order of asking. Each permission must be released. */
export function acquireZlib(): Promise<void> | undefined {
  if (atWork < MAX_AT_WORK) {
    atWork++;
    return undefined;
  }
  return new Promise((resolve) => waiting.push(resolve));
}

/** Passes the permission on to the next in line. */
export function releaseZlib(): void {
  const next = waiting.shift();
  if (next === undefined) {
    atWork--;
  } else {
    next();
  }
}
