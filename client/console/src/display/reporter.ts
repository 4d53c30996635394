import type { BenchResult } from '../bench/bench-result.js';
import type { Connection } from '../connection/connect.js';
import type { FrameHead } from '../connection/frame-reader.js';
import type { Direction } from '../connection/frame-tap.js';
import type { PingSummary } from '../ping/ping-summary.js';
import type { Echo, Message } from '../session/echoes.js';
import type { Closed, Ending, Reconnection } from '../session/ending.js';

/** Tells the user, or the next program, what happens. */
export interface Reporter {
  opened(connection: Connection): void;
  /** @returns false when whoever reads it is slow: the next message should wait for `drained` */
  message(message: Message, echo: Echo): boolean;
  /** A message that came back while measuring, by its number. @returns as `message` does */
  echo(sequence: number, message: Message, echo: Echo): boolean;
  /** The answer to a ping that the user asked for. @param roundTrip in milliseconds */
  pong(roundTrip: number, data: Buffer): void;
  summary(summary: PingSummary): void;
  benchmark(result: BenchResult): void;
  frame(direction: Direction, frame: FrameHead): void;
  /** A connection has ended; another one may follow. */
  closed(closed: Closed): void;
  reconnecting(reconnection: Reconnection): void;
  /** No connection follows. */
  ended(ending: Ending): void;
  drained(): Promise<void>;
}
