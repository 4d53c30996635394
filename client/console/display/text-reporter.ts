import { styleText } from 'node:util';
import type { Connection } from '../connection/connect.js';
import { Refusal, type ConnectError } from '../connection/connect-error.js';
import type { FrameHead } from '../connection/frame-reader.js';
import type { Direction } from '../connection/frame-tap.js';
import { summaryLines, type PingSummary } from '../ping/ping-summary.js';
import type { Echo, Message } from '../session/echoes.js';
import { describeClosed, isFarewell, type Closed, type Reconnection } from '../session/ending.js';
import { count, formatDuration } from './amounts.js';
import { frameLine, FrameTally } from './frames.js';
import { handshakeLines, requestLines, responseLines } from './heads.js';
import type { Lines } from './lines.js';
import { printable } from './printable.js';
import type { Reporter } from './reporter.js';

/** What is shown beside the messages. */
export interface Shown {
  readonly handshake: boolean;
  readonly frames: boolean;
}

/** Messages as lines on stdout, and everything else as notes. */
export class TextReporter implements Reporter {
  private readonly tally = new FrameTally();

  constructor(
    protected readonly lines: Lines,
    private readonly url: URL,
    private readonly shown: Shown,
  ) {}

  opened({ handshake }: Connection): void {
    if (this.shown.handshake) {
      this.dim(handshakeLines(handshake));
    }
  }

  message({ data, binary }: Message, echo: Echo): boolean {
    this.difference(echo);
    if (binary) {
      return this.lines.out(data.toString('hex'));
    }
    return this.lines.out(process.stdout.isTTY ? printable(data.toString()) : data);
  }

  echo(sequence: number, { data }: Message, echo: Echo): boolean {
    this.difference(echo);
    const time = echo.roundTrip === undefined ? 'unexpected' : `time=${formatDuration(echo.roundTrip)}`;
    return this.lines.out(`${count(data.length, 'byte')} from ${this.url.href}: seq=${sequence} ${time}`);
  }

  summary(summary: PingSummary): void {
    for (const line of summaryLines(this.url, summary)) {
      this.lines.out(line);
    }
  }

  pong(roundTrip: number): void {
    this.lines.note(`Pong: ${formatDuration(roundTrip)}`);
  }

  frame(direction: Direction, frame: FrameHead): void {
    this.tally.add(direction, frame);
    this.dim([frameLine(direction, frame)]);
  }

  closed(closed: Closed): void {
    if (this.shown.frames) {
      this.dim([this.tally.toString()]);
    }
    if (!isFarewell(closed)) {
      this.problem(sentence(describeClosed(closed)));
    }
    if (closed.lost > 0) {
      this.problem(`${count(closed.lost, 'message')} had no echo.`);
    }
  }

  reconnecting({ reason, delay, attempt }: Reconnection): void {
    this.lines.note(
      printable(`${sentence(reason)} Attempt ${attempt} to connect again follows in ${formatDuration(delay)}.`),
    );
  }

  failed(error: ConnectError): void {
    this.problem(error.message);
    if (error instanceof Refusal) {
      const { handshake, body } = error;
      this.dim([
        ...(this.shown.handshake ? requestLines(handshake.request) : []),
        ...responseLines(handshake.response),
      ]);
      if (body !== '') this.lines.note(printable(body.trimEnd()));
    }
  }

  warning(text: string): void {
    this.lines.note(styleText('yellow', printable(text), { stream: process.stderr }));
  }

  drained(): Promise<void> {
    return this.lines.drained();
  }

  protected difference({ difference }: Echo): void {
    if (difference !== undefined) {
      this.problem(`An echo differs: ${difference}.`);
    }
  }

  protected dim(lines: readonly string[]): void {
    for (const line of lines) {
      this.lines.note(styleText('dim', printable(line), { stream: process.stderr }));
    }
  }

  private problem(text: string): void {
    this.lines.note(styleText('red', printable(text), { stream: process.stderr }));
  }
}

/** With a capital at its beginning and a full stop at its end. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
