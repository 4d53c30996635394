import type { BenchResult } from '../bench/bench-result.js';
import type { ClientConnection } from '../connection/connect.js';
import type { FrameHead, Direction } from '../connection/frame-tap.js';
import type { PingSummary } from '../ping.js';
import type { Echo } from '../session/echoes.js';
import type { Message } from '../message.js';
import type { Closed, Ending } from '../session/ending.js';
import type { Reconnection } from '../session/reconnection.js';

/** Reports events to the user, or to the next program of a pipe. */
export interface Reporter {
  opened(connection: ClientConnection): void;
  /** @returns false if the reader is slow: the next message should wait for `drained` */
  message(message: Message, echo: Echo): boolean;
  /** The echo of a message while measuring, by its number. @returns as `message` does */
  echo(sequence: number, message: Message, echo: Echo): boolean;
  /** The pong to a ping of the user. @param roundTrip in milliseconds */
  pong(roundTrip: number, data: Buffer): void;
  summary(summary: PingSummary): void;
  benchmark(result: BenchResult): void;
  frame(direction: Direction, frame: FrameHead): void;
  /** A connection was closed; another one may follow. */
  closed(closed: Closed): void;
  reconnecting(reconnection: Reconnection): void;
  /** The session has ended. */
  ended(ending: Ending): void;
  drained(): Promise<void>;
}
