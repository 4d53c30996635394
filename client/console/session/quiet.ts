/**
 * Calls back once a count has not grown for a time.
 *
 * @param count is asked from time to time
 * @param period in milliseconds; what it is late by is less than a tenth of it
 * @returns stops waiting
 */
export function onceQuiet(count: () => number, period: number, callback: () => void): () => void {
  let last = count();
  let since = performance.now();
  const timer = setInterval(() => {
    const current = count();
    const now = performance.now();
    if (current !== last) {
      last = current;
      since = now;
    } else if (now - since >= period) {
      clearInterval(timer);
      callback();
    }
  }, period / 10);
  return () => clearInterval(timer);
}
