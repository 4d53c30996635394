import { getSystemErrorMap } from 'node:util';

/** Where lines are written to. */
export interface Lines {
  /**
   * What the program is there for.
   *
   * @returns false when whoever reads it is slow: the next line should wait for `drained`
   */
  out(line: string | Buffer): boolean;
  /** What is said about it to people. */
  note(line: string): void;
  /** Resolves when the next line is welcome. */
  drained(): Promise<void>;
}

/** stdout, and stderr for notes. */
export class StandardStreams implements Lines {
  private draining?: Promise<void>;
  private hasFailed = false;

  /**
   * @param terminator is written after each line of stdout
   * @param onFailure is called once when stdout cannot be written, after that was said: the disk is full, or the next
   *   program of a pipe has ended
   */
  constructor(
    private readonly terminator: string,
    onFailure: () => void,
  ) {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // Every further line fails as well.
      if (this.hasFailed) return;
      this.hasFailed = true;
      this.note(`stdout cannot be written: ${explain(error)}.`);
      onFailure();
    });
    process.stderr.on('error', () => {});
  }

  out(line: string | Buffer): boolean {
    return process.stdout.write(Buffer.concat([Buffer.from(line), Buffer.from(this.terminator)]));
  }

  note(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  drained(): Promise<void> {
    // Whoever asks while somebody waits waits for the same.
    this.draining ??= new Promise((resolve) => {
      process.stdout.once('drain', () => {
        this.draining = undefined;
        resolve();
      });
    });
    return this.draining;
  }
}

/** Lines with the local time of day before each of them. */
export class TimedLines implements Lines {
  constructor(private readonly lines: Lines) {}

  out(line: string | Buffer): boolean {
    return this.lines.out(Buffer.concat([Buffer.from(`${timeOfDay()} `), Buffer.from(line)]));
  }

  note(line: string): void {
    this.lines.note(`${timeOfDay()} ${line}`);
  }

  drained(): Promise<void> {
    return this.lines.drained();
  }
}

/** Such as `23:59:59.999`. */
function timeOfDay(): string {
  const now = new Date();
  const milliseconds = String(now.getMilliseconds()).padStart(3, '0');
  return `${now.toTimeString().slice(0, 8)}.${milliseconds}`;
}

function explain({ errno = 0, code, message }: NodeJS.ErrnoException): string {
  const [, explanation] = getSystemErrorMap().get(errno) ?? [];
  return explanation === undefined ? message : `${explanation} (${code})`;
}
