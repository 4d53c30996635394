import { styleText } from 'node:util';
import { benchLines, caveats, type BenchResult } from '../bench/bench-result.js';
import type { ClientConnection } from '../connection/connect.js';
import { RefusedError, type ConnectError } from '../connection/connect-error.js';
import type { FrameHead, Direction } from '../connection/frame-tap.js';
import { headerValue } from '../connection/handshake.js';
import { summaryLines, type PingSummary } from '../ping.js';
import type { Echo } from '../session/echoes.js';
import type { Message } from '../message.js';
import { describeClosed, describeLost, isCleanClose, type Closed, type Ending } from '../session/ending.js';
import type { Reconnection } from '../session/reconnection.js';
import { quantity, formatDuration } from './format-amounts.js';
import { frameLine, FrameTally } from './frame-lines.js';
import { handshakeLines, requestLines, responseLines } from './handshake-lines.js';
import type { Output } from './output.js';
import { printable, printableLines } from './printable.js';
import type { Reporter } from './reporter.js';

/** What is shown in addition to the messages. */
export interface Shown {
  readonly handshake: boolean;
  readonly frames: boolean;
  /** Whether the bytes of all messages, also binary ones, are written unchanged, also to a terminal. */
  readonly raw: boolean;
}

/** Writes messages as lines to stdout, and everything else as notes. */
export class TextReporter implements Reporter {
  private readonly tally = new FrameTally();

  constructor(
    protected readonly output: Output,
    private readonly url: URL,
    private readonly shown: Shown,
  ) {}

  opened({ redirects, handshake, webSocket }: ClientConnection): void {
    if (this.shown.handshake) {
      this.dim([...redirects, handshake].flatMap(handshakeLines));
    }
    if (headerValue(handshake.request, 'sec-websocket-extensions') !== undefined && webSocket.extensions === '') {
      this.warning('The server declined compression: messages are not compressed.');
    }
  }

  message({ data, binary }: Message, echo: Echo): boolean {
    this.difference(echo);
    if (this.shown.raw) {
      return this.output.out(data);
    }
    if (binary) {
      return this.output.out(data.toString('hex'));
    }
    return this.output.out(process.stdout.isTTY ? printableLines(data.toString()) : data);
  }

  echo(sequence: number, { data }: Message, echo: Echo): boolean {
    this.difference(echo);
    const time = echo.roundTrip === undefined ? '' : ` time=${formatDuration(echo.roundTrip)}`;
    return this.output.out(`${quantity(data.length, 'byte')} from ${this.url.href}: seq=${sequence}${time}`);
  }

  summary(summary: PingSummary): void {
    for (const line of summaryLines(this.url, summary)) {
      this.output.out(line);
    }
  }

  benchmark(result: BenchResult): void {
    for (const line of benchLines(result)) {
      this.output.out(line);
    }
    for (const caveat of caveats(result)) {
      this.output.note(styleText('dim', caveat, { stream: process.stderr }));
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
    this.warning(`${reason} Attempt ${attempt} to reconnect in ${formatDuration(delay)}.`);
  }

  ended(ending: Ending): void {
    if (ending.kind === 'not connected') {
      this.failed(ending.error);
    } else if (ending.kind === 'closed' && !isCleanClose(ending.closed)) {
      this.problem(describeClosed(ending.closed));
    } else if (ending.kind === 'closed' && ending.closed.giveUpReason !== undefined) {
      this.warning(describeClosed(ending.closed));
    } else if (ending.kind === 'closed' && ending.closed.lost > 0) {
      this.warning(describeLost(ending.closed.lost));
    }
  }

  pong(roundTrip: number, _data: Buffer): void {
    this.output.note(`Pong: ${formatDuration(roundTrip)}`);
  }

  drained(): Promise<void> {
    return this.output.drained();
  }

  protected difference({ difference }: Echo): void {
    if (difference !== undefined) {
      this.problem(`Wrong echo: ${difference}.`);
    }
  }

  protected dim(lines: readonly string[]): void {
    for (const line of lines) {
      this.output.note(styleText('dim', printable(line), { stream: process.stderr }));
    }
  }

  private warning(text: string): void {
    this.output.note(styleText('yellow', printable(text), { stream: process.stderr }));
  }

  private failed(error: ConnectError): void {
    this.problem(error.message);
    if (error instanceof RefusedError) {
      const { handshake, body } = error;
      const { request, response } = handshake;
      this.dim([...(this.shown.handshake ? requestLines(request) : []), ...responseLines(response)]);
      if (body !== '') {
        this.output.note(`| ${printableLines(body.trimEnd())}`);
      }
    }
  }

  private problem(text: string): void {
    this.output.note(styleText('red', printable(text), { stream: process.stderr }));
  }
}
