/** How often the count is looked at in a period. */
const LOOKS = 10;

/**
 * Calls back once a count has not changed for a time.
 *
 * Looks are counted, and not the time between them: while this process does not run (Ctrl+Z, a laptop that sleeps, a
 * terminal that takes nothing), the count cannot change, and that is not silence.
 *
 * @param count is looked at ten times in a period
 * @param period in milliseconds
 * @returns stops waiting
 */
export function onceQuiet(count: () => number, period: number, callback: () => void): () => void {
  let last = count();
  let unchanged = 0;
  let lastLook: NodeJS.Immediate | undefined;
  const look = (): void => {
    const current = count();
    unchanged = current === last ? unchanged + 1 : 0;
    last = current;
  };
  const timer = setInterval(() => {
    look();
    if (unchanged < LOOKS) return;
    // What has come while the process did not run is read before this.
    lastLook = setImmediate(() => {
      look();
      if (unchanged === 0) return;
      clearInterval(timer);
      callback();
    });
  }, period / LOOKS);
  return () => {
    clearInterval(timer);
    clearImmediate(lastLook);
  };
}
