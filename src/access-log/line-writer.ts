import type { Writable } from 'node:stream';

/**
 * The largest write, in bytes: PIPE_BUF of Linux. A larger write to a pipe may arrive in parts, with lines of another process
 * that has the same stdout in between.
 */
const MAX_WRITE = 4096;
/** The least time between two writes, in ms. A write to a pipe costs more CPU than a line. */
const INTERVAL = 10;
/** How many bytes may wait for the stream. Further lines are dropped. */
const MAX_WAITING = 1024 * 1024;

/** Whole lines, for one write. */
interface Batch {
  text: string;
  bytes: number;
  lines: number;
}

/**
 * Writes lines to a stream: at the end of a turn of the event loop, or every `INTERVAL` where lines come in quick succession.
 * It never waits for the stream. While the stream does not keep up, lines are dropped and counted, and a line says later
 * how many. Lines that cannot be written are counted as well; the owner of the stream handles its `error` event.
 */
export class LineWriter {
  private batch = newBatch();
  /** Batches that wait for the write before them. */
  private readonly queue: Batch[] = [];
  private pendingWrites = 0;
  private waitingBytes = 0;
  private willBeFlushed = false;
  private flushedAt = -Infinity;
  private droppedLines = 0;
  /** Dropped lines that no line has told of yet. */
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

  /** @param line ends with a line break, and has at most 4096 bytes */
  write(line: string): void {
    if (this.waitingBytes > MAX_WAITING) {
      this.droppedLines++;
      this.untold++;
      return;
    }
    const bytes = Buffer.byteLength(line);
    if (this.batch.bytes + bytes > MAX_WRITE) {
      this.writeBatch();
    }
    this.batch.text += line;
    this.batch.bytes += bytes;
    this.batch.lines++;
    this.waitingBytes += bytes;
    if (!this.willBeFlushed) {
      this.willBeFlushed = true;
      const wait = this.flushedAt + INTERVAL - performance.now();
      if (wait > 0) {
        setTimeout(this.onTime, wait);
      } else {
        setImmediate(this.onTime);
      }
    }
  }

  /** Writes all lines now, also where writes before them are not finished. For the end of the process. */
  flush(): void {
    this.writeBatch();
    this.queue.splice(0).forEach((batch) => this.send(batch));
  }

  private readonly onTime = (): void => {
    this.willBeFlushed = false;
    this.flushedAt = performance.now();
    this.writeBatch();
  };

  private writeBatch(): void {
    if (this.batch.lines > 0) {
      this.queue.push(this.batch);
      this.batch = newBatch();
      this.writeNext();
    }
  }

  /** A stream joins writes that wait for it into one, which would be too large. So at most one write waits. */
  private writeNext(): void {
    while (this.queue.length > 0 && !(this.pendingWrites > 0 && this.stream.writableLength > 0)) {
      this.send(this.queue.shift()!);
    }
  }

  private send({ text, bytes, lines }: Batch): void {
    this.pendingWrites++;
    this.stream.write(text, (error) => {
      this.pendingWrites--;
      this.waitingBytes -= bytes;
      if (error) {
        this.droppedLines += lines;
      }
      this.writeNext();
      this.tellDropped();
    });
  }

  private tellDropped(): void {
    const { untold } = this;
    if (untold > 0 && this.queue.length === 0) {
      this.untold = 0;
      this.write(this.droppedLine(untold));
    }
  }
}

function newBatch(): Batch {
  return { text: '', bytes: 0, lines: 0 };
}
