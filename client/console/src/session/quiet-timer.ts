/** How often the count is checked in a period. */
const CHECKS = 10;

/**
 * Calls back when a count has not changed for a period.
 *
 * It counts checks, not time: while the process is suspended (Ctrl+Z, a sleeping laptop, a blocked terminal), the count
 * cannot change although the peer may send.
 *
 * @param count called ten times in a period
 * @param period in milliseconds
 * @returns a function that stops the timer
 */
export function onceQuiet(count: () => number, period: number, callback: () => void): () => void {
  let last = count();
  let unchanged = 0;
  let finalCheck: NodeJS.Immediate | undefined;
  const check = (): void => {
    const current = count();
    unchanged = current === last ? unchanged + 1 : 0;
    last = current;
  };
  const timer = setInterval(() => {
    check();
    if (unchanged < CHECKS) {
      return;
    }
    // Data that arrived while the process was suspended is read before this runs.
    finalCheck = setImmediate(() => {
      check();
      if (unchanged === 0) {
        return;
      }
      clearInterval(timer);
      callback();
    });
  }, period / CHECKS);
  return () => {
    clearInterval(timer);
    clearImmediate(finalCheck);
  };
}
