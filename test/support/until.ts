import { setImmediate as turn } from 'node:timers/promises';

/** Less than the time that a test has, so that the error names the test. In ms. */
const PATIENCE = 25_000;

/**
 * Waits for a state that no event reports, one turn of the event loop after another. Prefer an event where there is one.
 *
 * @throws if the state does not come, so that the loop does not outlive its test
 */
export async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(PATIENCE);
  while (!(await isReached())) {
    if (deadline.aborted) {
      throw new Error(`This did not become true: ${String(isReached)}`);
    }
    await turn();
  }
}
