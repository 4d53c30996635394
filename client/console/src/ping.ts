import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from './display/format-amounts.js';
import { Latencies } from './latencies.js';
import { Payloads } from './payloads.js';
import { awaitEchoes, type EchoWaitOptions } from './session/await-echoes.js';
import type { Session } from './session/session.js';

/** The messages and their interval. */
export interface PingOptions {
  /** The number of messages; Infinity for no limit. */
  readonly count: number;
  /** The interval between messages, in milliseconds; 0 sends the next message after the echo. */
  readonly interval: number;
  /** The size of each message in bytes. */
  readonly size: number;
  readonly binary: boolean;
}

/**
 * Sends messages at an interval, and closes when all echoes have arrived.
 *
 * @returns false if the session ended before all messages were sent
 */
export async function ping(session: Session, options: PingOptions, patience: EchoWaitOptions): Promise<boolean> {
  const { count, interval, size, binary } = options;
  const payloads = new Payloads(size, binary);
  let due = performance.now();
  for (let sequence = 0; sequence < count; sequence++) {
    // The end of the session ends the delay.
    await delay(Math.max(0, due - performance.now()), undefined, { signal: session.over }).catch(() => {});
    if (!(await session.send({ data: payloads.at(sequence), binary }))) {
      return false;
    }
    if (interval === 0) {
      await awaitEchoes(session, patience);
    }
    // Late messages are not sent all at once.
    due = Math.max(due + interval, performance.now());
  }
  session.close(undefined, await awaitEchoes(session, patience));
  return true;
}

/** The result; times in milliseconds, undefined without an echo. */
export interface PingSummary {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly min?: number;
  readonly median?: number;
  readonly p99?: number;
  readonly max?: number;
}

/** Records the round-trip times of a session's echoes. */
export class PingStatistics {
  private readonly roundTrips = new Latencies();

  constructor(private readonly session: Session) {
    session.on('message', (_, { roundTrip }) => {
      if (roundTrip !== undefined) {
        this.roundTrips.record(roundTrip);
      }
    });
  }

  summary(): PingSummary {
    const { roundTrips } = this;
    const { sent, received, lost } = this.session.echoes;
    return {
      sent,
      received,
      lost,
      min: roundTrips.min,
      median: roundTrips.percentile(50),
      p99: roundTrips.percentile(99),
      max: roundTrips.max,
    };
  }
}

/** The summary in the format of `ping`. */
export function summaryLines(url: URL, { sent, received, lost, ...times }: PingSummary): string[] {
  const share = sent === 0 ? 0 : (lost / sent) * 100;
  const figures = Object.entries(times).map(([name, time]) => `${name} ${formatDuration(time)}`);
  return [
    `--- ${url.href} ---`,
    `${sent} sent, ${received} received, ${lost} lost (${Number(share.toFixed(1))}%)`,
    ...(times.min === undefined ? [] : [`round trip: ${figures.join(', ')}`]),
  ];
}
