import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/**
 * Signals within this time count as one, in milliseconds: if npm runs the program, a Ctrl+C arrives from the terminal and
 * from npm.
 */
const SAME_SIGNAL = 500;

/**
 * Calls `onFirst` at the first SIGINT (Ctrl+C), SIGTERM or SIGHUP (the terminal was closed). A second signal ends the
 * process.
 *
 * @param onFirst closes the connection
 */
export function onInterrupt(onFirst: () => void): void {
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        onFirst();
      } else if (performance.now() - firstAt > SAME_SIGNAL) {
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}

/**
 * Asks for a secret at the terminal, without showing what the user types.
 *
 * @returns undefined if the user presses Ctrl+C or Ctrl+D
 */
export function askSecret(question: string): Promise<string | undefined> {
  const unseen = new Writable({ write: (_chunk, _encoding, written) => written() });
  const reader = createInterface({ input: process.stdin, output: unseen, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return new Promise((resolve) => {
    reader.once('line', resolve).once('close', () => resolve(undefined));
    reader.once('line', () => reader.close());
    reader.once('close', () => process.stderr.write('\n'));
  });
}
