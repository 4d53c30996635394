import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface, type Key } from 'node:readline';
import { ExitCode } from '../exit-code.js';
import type { Lines } from '../display/output.js';
import { printableLines } from '../display/printable.js';

/** Makes a terminal mark what is pasted (xterm's "bracketed paste"), and no longer. */
const MARK_PASTES = '\u001b[?2004h';
const NO_MARKS = '\u001b[?2004l';

/** The method that readline calls with each key. It is not documented; the REPL of Node.js replaces it, too. */
const READ_KEY = '_ttyWrite';

/** What readline has and does not document. */
interface Internals {
  line: string;
  cursor: number;
  /** How many rows above the cursor it draws what was typed from; fewer than it takes after a long insertion. */
  readonly prevRows?: number;
  [READ_KEY](text: string | undefined, key: Key): void;
}

/** A terminal that asks for a line at its bottom and shows everything else above. */
export class PromptScreen implements Lines {
  private readline?: Interface & Internals;
  private isClosed = false;

  /**
   * @param onInterrupt is called at the first Ctrl+C, which is a key here and not a signal; a second one ends the process.
   *   It is called when the terminal is gone, too
   */
  constructor(private readonly onInterrupt: () => void) {
    // A terminal that was closed takes no more (EIO). There is nowhere to say it.
    process.stdout.on('error', onInterrupt);
    process.stderr.on('error', onInterrupt);
  }

  /**
   * What is typed or pasted, until Ctrl+D or `close`. What was pasted with line breaks is one text with them. The next one
   * is asked for when the one before is done with.
   */
  async *ask(prompt: string): AsyncGenerator<string> {
    const readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt,
      historySize: 1000,
      removeHistoryDuplicates: true,
    }) as Interface & Internals;
    this.readline = readline;
    readline.once('SIGINT', () => {
      readline.once('SIGINT', () => process.exit(ExitCode.interrupted));
      this.onInterrupt();
    });
    this.readPastes(readline);
    readline.on('close', () => (this.readline = undefined));
    readline.prompt();
    for await (const line of readline) {
      // Node.js 24 has CR in a line for each line break.
      yield line.replaceAll('\r', '\n');
      this.readline?.prompt();
    }
    // Ctrl+D ends no line.
    if (!this.isClosed) process.stdout.write('\n');
  }

  /** Asks no more, and takes the question back. What was typed and not sent stays to be read. */
  close(): void {
    this.isClosed = true;
    const { readline } = this;
    if (!readline) return;
    this.clear(readline);
    if (readline.line !== '') process.stdout.write(`Not sent: ${printableLines(readline.line)}\n`);
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

  /** A terminal takes all that is written to it. */
  async drained(): Promise<void> {}

  /** Puts what is pasted into the line, with its line breaks, which else would end it. */
  private readPastes(readline: Interface & Internals): void {
    let pasted: string | undefined;
    const readKey = readline[READ_KEY].bind(readline);
    readline[READ_KEY] = (text, key) => {
      if (key.name === 'paste-start') {
        pasted = '';
      } else if (key.name === 'paste-end') {
        this.insert(readline, pasted ?? '');
        pasted = undefined;
      } else if (pasted !== undefined) {
        pasted += key.sequence;
      } else {
        readKey(text, key);
      }
    };
    if (process.env.TERM === 'dumb') return;
    const unmark = (): boolean => process.stdout.write(NO_MARKS);
    process.stdout.write(MARK_PASTES);
    // Behind Ctrl+Z and `fg`, where the shell has had the terminal.
    readline.on('SIGCONT', () => process.stdout.write(MARK_PASTES));
    process.once('exit', unmark);
    readline.once('close', () => {
      process.off('exit', unmark);
      unmark();
    });
  }

  private insert(readline: Interface & Internals, pasted: string): void {
    // Terminals send CR for a line break.
    const text = pasted.replace(/\r\n?/g, '\n');
    const { line, cursor } = readline;
    this.clear(readline);
    readline.line = line.slice(0, cursor) + text + line.slice(cursor);
    readline.cursor = cursor + text.length;
    this.draw(readline);
  }

  /** Removes the question and what was typed from the terminal. */
  private clear(readline: Interface): void {
    const { rows } = readline.getCursorPos();
    moveCursor(process.stdout, 0, -rows);
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
  }

  /** Shows them again where the cursor is. */
  private draw(readline: Interface & Internals): void {
    process.stdout.write('\n'.repeat(readline.prevRows ?? 0));
    readline.prompt(true);
  }
}
