import { getSystemErrorMap } from 'node:util';

/** Where the client writes. */
export interface Output {
  /**
   * Writes a line of the actual output, such as a message.
   *
   * @returns false if the reader is slow: the next line should wait for `drained`
   */
  out(line: string | Buffer): boolean;
  /** Writes a line for the user, such as an error. */
  note(line: string): void;
  /** Resolves when the next line may be written. */
  drained(): Promise<void>;
}

/** Writes to stdout, and notes to stderr. */
export class StandardStreams implements Output {
  private draining?: Promise<void>;
  private hasFailed = false;

  /**
   * @param terminator is written after each line of stdout
   * @param onFailure called once if stdout cannot be written, after the note about it: the disk is full, or the next
   *   program of the pipe has ended
   */
  constructor(
    private readonly terminator: string,
    onFailure: () => void,
  ) {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      // Every later line would fail as well.
      if (this.hasFailed) {
        return;
      }
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
    // All callers until the event share one promise.
    this.draining ??= new Promise((resolve) => {
      process.stdout.once('drain', () => {
        this.draining = undefined;
        resolve();
      });
    });
    return this.draining;
  }
}

/** Writes the local time of day before each line. */
export class TimedOutput implements Output {
  constructor(private readonly output: Output) {}

  out(line: string | Buffer): boolean {
    return this.output.out(Buffer.concat([Buffer.from(`${timeOfDay()} `), Buffer.from(line)]));
  }

  note(line: string): void {
    this.output.note(`${timeOfDay()} ${line}`);
  }

  drained(): Promise<void> {
    return this.output.drained();
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
