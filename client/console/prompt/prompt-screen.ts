import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { createInterface, type Interface } from 'node:readline/promises';
import type { Lines } from '../display/lines.js';

/** A terminal that asks for a line at its bottom and shows everything else above. */
export class PromptScreen implements Lines {
  private readline?: Interface;

  /** @param onInterrupt is called at Ctrl+C, which is a key here and no signal */
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
    this.readline.on('SIGINT', this.onInterrupt);
    this.readline.on('close', () => {
      this.readline = undefined;
      process.stdout.write('\n');
    });
    this.readline.prompt();
    for await (const line of this.readline) {
      yield line;
      this.readline?.prompt();
    }
  }

  close(): void {
    this.readline?.close();
  }

  out(line: string | Buffer): boolean {
    const text = line.toString();
    if (!this.readline) {
      return process.stdout.write(`${text}\n`);
    }
    const { rows } = this.readline.getCursorPos();
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
    // readline draws what was typed so far from `rows` lines above the cursor on.
    process.stdout.write(`${text}\n${'\n'.repeat(rows)}`);
    this.readline.prompt(true);
    return true;
  }

  note(line: string): void {
    this.out(line);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}
