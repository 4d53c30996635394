import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/**
 * Asks at the terminal for what is not to be seen there.
 *
 * @returns undefined when Ctrl+C or Ctrl+D is the answer
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
