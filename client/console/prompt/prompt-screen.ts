import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { createInterface, type Interface } from 'node:readline/promises';
import { ExitCode } from '../exit-code.js';
import type { Lines } from '../display/lines.js';

/** A terminal that asks for a line at its bottom and shows everything else above. */
export class PromptScreen implements Lines {
  private readline?: Interface;
  private isClosed = false;

  /** @param onInterrupt is called at the first Ctrl+C, which is a key here and no signal; a second one ends the process */
  constructor(private readonly onInterrupt: () => void) {}

  /** The lines that are typed, until Ctrl+D or `close`. The next one is asked for when the one before is done with. */
  async *ask(prompt: string): AsyncGenerator<string> {
    this.readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt,
      historySize: 1000,
      removeHistoryDuplicates: true,
    });
    this.readline.once('SIGINT', () => {
      this.readline?.once('SIGINT', () => process.exit(ExitCode.interrupted));
      this.onInterrupt();
    });
    this.readline.on('close', () => (this.readline = undefined));
    this.readline.prompt();
    for await (const line of this.readline) {
      yield line;
      this.readline?.prompt();
    }
    // Ctrl+D ends no line.
    if (!this.isClosed) process.stdout.write('\n');
  }

  /** Asks no more, and takes the question back. */
  close(): void {
    this.isClosed = true;
    if (this.readline) this.clear(this.readline);
    this.readline?.close();
  }

  out(line: string | Buffer): boolean {
    const text = line.toString();
    if (!this.readline) {
      process.stdout.write(`${text}\n`);
      return true;
    }
    this.clear(this.readline);
    // readline draws what was typed so far from so many lines above the cursor on, fewer than it takes after a paste.
    const { prevRows: rows = 0 } = this.readline as Interface & { readonly prevRows?: number };
    process.stdout.write(`${text}\n${'\n'.repeat(rows)}`);
    this.readline.prompt(true);
    return true;
  }

  note(line: string): void {
    this.out(line);
  }

  /** A terminal takes all that it is given. */
  async drained(): Promise<void> {}

  /** Removes the question and what was typed from the terminal. */
  private clear(readline: Interface): void {
    const { rows } = readline.getCursorPos();
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
  }
}
