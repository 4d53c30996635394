import { formatDuration } from '../display/format-amounts.js';
import { Latencies } from '../latencies.js';
import type { Session } from '../session/session.js';

/** What came of it; times in milliseconds, undefined when nothing answered a message. */
export interface PingSummary {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly min?: number;
  readonly median?: number;
  readonly p99?: number;
  readonly max?: number;
}

/** Gathers the times of a session's echoes. */
export class PingStatistics {
  private readonly roundTrips = new Latencies();

  constructor(private readonly session: Session) {
    session.on('message', (_, { roundTrip }) => {
      if (roundTrip !== undefined) this.roundTrips.record(roundTrip);
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

/** A summary as `ping` writes it. */
export function summaryLines(url: URL, { sent, received, lost, ...times }: PingSummary): string[] {
  const share = sent === 0 ? 0 : (lost / sent) * 100;
  const figures = Object.entries(times).map(([name, time]) => `${name} ${formatDuration(time)}`);
  return [
    `--- ${url.href} ---`,
    `${sent} sent, ${received} received, ${lost} lost (${Number(share.toFixed(1))}%)`,
    ...(times.min === undefined ? [] : [`round trip: ${figures.join(', ')}`]),
  ];
}
