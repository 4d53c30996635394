import { constants } from 'node:os';

/** One Ctrl+C arrives twice where npm runs the program: from the terminal, and from npm. */
const ONE_WISH = 500;

/**
 * Calls back at the first Ctrl+C, SIGTERM or SIGHUP, which says that the terminal was closed. Another one does not want to wait and ends the process.
 *
 * @param onFirst ends politely
 */
export function onInterrupt(onFirst: () => void): void {
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        onFirst();
      } else if (performance.now() - firstAt > ONE_WISH) {
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}
