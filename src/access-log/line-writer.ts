import type { Writable } from 'node:stream';

/**
 * How many characters are collected before they are written. Up to this size Linux writes bytes to a pipe as a whole, so
 * that the lines of several processes with one stdout do not mix.
 */
const MAX_BATCH = 4096;
/** How many bytes may wait in this process for the stream to take them. More are dropped. */
const MAX_WAITING = 1024 * 1024;

/**
 * Writes lines to a stream: those of one turn of the event loop in one write, or in few. It never waits for the stream. While the
 * stream does not keep up, lines are dropped and counted, and one line says later how many there were.
 */
export class LineWriter {
  private batch = '';
  private droppedLines = 0;
  /** Those that no line has told of yet. */
  private untold = 0;

  /** @param droppedLine makes the line that says how many lines were dropped */
  constructor(
    private readonly stream: Writable,
    private readonly droppedLine: (count: number) => string,
  ) {}

  /** How many lines were dropped so far. */
  get dropped(): number {
    return this.droppedLines;
  }

  /** @param line ends with a line break */
  write(line: string): void {
    if (this.stream.writableLength > MAX_WAITING) {
      this.drop();
      return;
    }
    if (this.batch.length + line.length > MAX_BATCH) {
      this.flush();
    }
    if (this.batch === '') {
      setImmediate(this.flush);
    }
    this.batch += line;
  }

  /** Writes what was collected. */
  readonly flush = (): void => {
    if (this.batch !== '') {
      const { batch } = this;
      this.batch = '';
      this.stream.write(batch);
    }
  };

  private drop(): void {
    this.droppedLines++;
    this.untold++;
    if (this.untold === 1) {
      this.stream.once('drain', this.tell);
    }
  }

  private readonly tell = (): void => {
    const { untold } = this;
    this.untold = 0;
    this.write(this.droppedLine(untold));
  };
}
