import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from 'node:readline';
import { ExitCode } from '../exit-code.js';
import type { Output } from '../display/output.js';
import { printableLines } from '../display/printable.js';
import { insertAtCursor, interceptKeys, rowsAboveCursor } from '../node-internals.js';

/** Turns the bracketed paste mode of xterm on and off, in which the terminal marks the start and the end of a paste. */
const MARK_PASTES = '\u001b[?2004h';
const NO_MARKS = '\u001b[?2004l';

/** A terminal with a prompt at the bottom and all output above it. */
export class PromptScreen implements Output {
  private readline?: Interface;
  private isClosed = false;

  /**
   * @param onInterrupt is called at the first Ctrl+C, which is a key here and not a signal, and when the terminal is closed.
   *   A second Ctrl+C ends the process
   */
  constructor(private readonly onInterrupt: () => void) {
    // Writing to a closed terminal fails with EIO.
    process.stdout.on('error', onInterrupt);
    process.stderr.on('error', onInterrupt);
  }

  /**
   * Yields each line that the user types or pastes, until Ctrl+D or `close`. A paste with line breaks is one text with
   * these line breaks. The prompt appears again when the caller asks for the next line.
   */
  async *ask(prompt: string): AsyncGenerator<string> {
    const readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt,
      historySize: 1000,
      removeHistoryDuplicates: true,
    });
    this.readline = readline;
    readline.once('SIGINT', () => {
      readline.once('SIGINT', () => process.exit(ExitCode.interrupted));
      this.onInterrupt();
    });
    this.readPastes(readline);
    readline.on('close', () => (this.readline = undefined));
    readline.prompt();
    for await (const line of readline) {
      // Node.js 24 represents each line break in a line by CR.
      yield line.replaceAll('\r', '\n');
      this.readline?.prompt();
    }
    // Ctrl+D does not end the line on the screen.
    if (!this.isClosed) {
      process.stdout.write('\n');
    }
  }

  /** Ends `ask` and removes the prompt. A text that was typed and not sent stays on the screen. */
  close(): void {
    this.isClosed = true;
    const { readline } = this;
    if (!readline) {
      return;
    }
    this.clear(readline);
    if (readline.line !== '') {
      process.stdout.write(`Not sent: ${printableLines(readline.line)}\n`);
    }
    readline.close();
  }

  out(line: string | Buffer): boolean {
    const text = line.toString();
    if (this.readline) {
      this.clear(this.readline);
      process.stdout.write(`${text}\n`);
      this.draw(this.readline);
    } else {
      process.stdout.write(`${text}\n`);
    }
    return true;
  }

  note(line: string): void {
    this.out(line);
  }

  /** Writes to a terminal are synchronous, so a wait is not needed. */
  async drained(): Promise<void> {}

  /** Inserts pasted text into the line. Without this, a line break in it would send a part of it. */
  private readPastes(readline: Interface): void {
    let pasted: string | undefined;
    interceptKeys(readline, (key, toReadline) => {
      if (key.name === 'paste-start') {
        pasted = '';
      } else if (key.name === 'paste-end') {
        this.insert(readline, pasted ?? '');
        pasted = undefined;
      } else if (pasted !== undefined) {
        pasted += key.sequence;
      } else {
        toReadline();
      }
    });
    if (process.env.TERM === 'dumb') {
      return;
    }
    const unmark = (): boolean => process.stdout.write(NO_MARKS);
    process.stdout.write(MARK_PASTES);
    // After Ctrl+Z and `fg`, because the shell turned the mode off.
    readline.on('SIGCONT', () => process.stdout.write(MARK_PASTES));
    process.once('exit', unmark);
    readline.once('close', () => {
      process.off('exit', unmark);
      unmark();
    });
  }

  private insert(readline: Interface, pasted: string): void {
    this.clear(readline);
    // Terminals send CR for a line break.
    insertAtCursor(readline, pasted.replace(/\r\n?/g, '\n'));
    this.draw(readline);
  }

  /** Removes the prompt and the line from the screen. */
  private clear(readline: Interface): void {
    const { rows } = readline.getCursorPos();
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
  }

  /** Draws the prompt and the line at the cursor. */
  private draw(readline: Interface): void {
    process.stdout.write('\n'.repeat(rowsAboveCursor(readline)));
    readline.prompt(true);
  }
}
