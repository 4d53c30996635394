import { styleText } from 'node:util';
import { benchLines, caveats, type BenchResult } from '../bench/bench-result.js';
import type { Connection } from '../connection/connect.js';
import { Refusal, type ConnectError } from '../connection/connect-error.js';
import type { FrameHead } from '../connection/frame-reader.js';
import type { Direction } from '../connection/frame-tap.js';
import { headerValue } from '../connection/handshake.js';
import { summaryLines, type PingSummary } from '../ping/ping-summary.js';
import type { Echo, Message } from '../session/echoes.js';
import {
  describeClosed,
  describeLost,
  isFarewell,
  type Closed,
  type Ending,
  type Reconnection,
} from '../session/ending.js';
import { count, formatDuration } from './format-amounts.js';
import { frameLine, FrameTally } from './frame-lines.js';
import { handshakeLines, requestLines, responseLines } from './handshake-lines.js';
import type { Lines } from './output.js';
import { printable, printableLines } from './printable.js';
import type { Reporter } from './reporter.js';

/** What is shown beside the messages. */
export interface Shown {
  readonly handshake: boolean;
  readonly frames: boolean;
  /** Whether the bytes of a message are written as they are, also those of a binary one, and also to a terminal. */
  readonly raw: boolean;
}

/** Messages as lines on stdout, and everything else as notes. */
export class TextReporter implements Reporter {
  private readonly tally = new FrameTally();

  constructor(
    protected readonly lines: Lines,
    private readonly url: URL,
    private readonly shown: Shown,
  ) {}

  opened({ redirects, handshake, webSocket }: Connection): void {
    if (this.shown.handshake) {
      this.dim([...redirects, handshake].flatMap(handshakeLines));
    }
    if (headerValue(handshake.request, 'sec-websocket-extensions') !== undefined && webSocket.extensions === '') {
      this.warning('The server does not compress: messages go as they are.');
    }
  }

  message({ data, binary }: Message, echo: Echo): boolean {
    this.difference(echo);
    if (this.shown.raw) {
      return this.lines.out(data);
    }
    if (binary) {
      return this.lines.out(data.toString('hex'));
    }
    return this.lines.out(process.stdout.isTTY ? printableLines(data.toString()) : data);
  }

  echo(sequence: number, { data }: Message, echo: Echo): boolean {
    this.difference(echo);
    const time = echo.roundTrip === undefined ? '' : ` time=${formatDuration(echo.roundTrip)}`;
    return this.lines.out(`${count(data.length, 'byte')} from ${this.url.href}: seq=${sequence}${time}`);
  }

  summary(summary: PingSummary): void {
    for (const line of summaryLines(this.url, summary)) {
      this.lines.out(line);
    }
  }

  benchmark(result: BenchResult): void {
    for (const line of benchLines(result)) {
      this.lines.out(line);
    }
    for (const caveat of caveats(result)) {
      this.lines.note(styleText('dim', caveat, { stream: process.stderr }));
    }
  }

  frame(direction: Direction, frame: FrameHead): void {
    this.tally.add(direction, frame);
    this.dim([frameLine(direction, frame)]);
  }

  closed(_closed: Closed): void {
    if (this.shown.frames) {
      this.dim([this.tally.toString()]);
    }
  }

  reconnecting({ reason, delay, attempt }: Reconnection): void {
    this.warning(`${reason} Attempt ${attempt} to connect again follows in ${formatDuration(delay)}.`);
  }

  ended(ending: Ending): void {
    if (ending.kind === 'not connected') {
      this.failed(ending.error);
    } else if (ending.kind === 'closed' && !isFarewell(ending.closed)) {
      this.problem(describeClosed(ending.closed));
    } else if (ending.kind === 'closed' && ending.closed.impatience !== undefined) {
      this.warning(describeClosed(ending.closed));
    } else if (ending.kind === 'closed' && ending.closed.lost > 0) {
      this.warning(describeLost(ending.closed.lost));
    }
  }

  pong(roundTrip: number, _data: Buffer): void {
    this.lines.note(`Pong: ${formatDuration(roundTrip)}`);
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

  private warning(text: string): void {
    this.lines.note(styleText('yellow', printable(text), { stream: process.stderr }));
  }

  private failed(error: ConnectError): void {
    this.problem(error.message);
    if (error instanceof Refusal) {
      const { handshake, body } = error;
      const { request, response } = handshake;
      this.dim([...(this.shown.handshake ? requestLines(request) : []), ...responseLines(response)]);
      if (body !== '') this.lines.note(`| ${printableLines(body.trimEnd())}`);
    }
  }

  private problem(text: string): void {
    this.lines.note(styleText('red', printable(text), { stream: process.stderr }));
  }
}
