import { count, formatDuration, formatSize, rounded } from '../display/format-amounts.js';
import type { Latencies } from '../latencies.js';

/** What a run is to do. */
export interface BenchLoad {
  readonly connections: number;
  /** Messages on the way on each connection, where echoes set the pace. */
  readonly inFlight: number;
  /** Messages a second on all connections together, where a schedule sets it. */
  readonly rate?: number;
  /** In milliseconds. */
  readonly duration: number;
  /** Bytes of each message. */
  readonly size: number;
  readonly binary: boolean;
  /** Whether echoes are compared with what was sent. */
  readonly verify: boolean;
}

/** What came of it; times in milliseconds. */
export interface BenchResult {
  readonly load: BenchLoad;
  readonly url: string;
  /** For how long messages were sent. */
  readonly duration: number;
  readonly sent: number;
  readonly echoed: number;
  /** Echoes a second, of those that came while messages were sent. */
  readonly perSecond: number;
  /** Messages that did not come back; the percentiles know nothing of them. */
  readonly unanswered: number;
  /** Messages that were due and never sent, because the server did not take those before. */
  readonly unsent: number;
  readonly differed: number;
  readonly lostConnections: number;
  /** From when a message was due to its echo. */
  readonly latencies: Latencies;
  /** From when a message was due to when it was sent. */
  readonly lateness: Latencies;
  /** The share of the time for which this client was at work, from 0 to 1. */
  readonly busy: number;
}

/** The percentiles that are shown. */
export const PERCENTILES = [50, 90, 99, 99.9, 99.99];

/** A client that works for so much of the time measures itself as well. */
const TOO_BUSY = 0.9;

/** The result in lines for people. */
export function benchLines(result: BenchResult): string[] {
  const { load, url, latencies } = result;
  const pace =
    load.rate === undefined ? `${load.inFlight} in flight on each` : `${load.rate} a second, on schedule (open loop)`;
  const kind = `${load.binary ? 'binary' : 'text'} messages of ${formatSize(load.size)}`;
  return [
    `${url}: ${kind} on ${count(load.connections, 'connection')}, ${pace}${load.rate === undefined ? ' (closed loop)' : ''}`,
    `echoes   ${result.echoed} in ${formatDuration(result.duration)}, ${rounded(result.perSecond)} a second, ${formatSize(result.perSecond * load.size)} a second each way`,
    `latency  ${latencyFigures(latencies)}`,
    ...faults(result),
  ];
}

/** What has to be known to read the result rightly. */
export function caveats({ load, lateness, busy, unanswered, unsent }: BenchResult): string[] {
  const late = (share: number): string => formatDuration(lateness.percentile(share) ?? 0);
  const pace =
    load.rate === undefined
      ? 'Closed loop: a message waits for the echo before it, so a slow moment holds back the very messages that would show it. --rate measures what a schedule sees.'
      : `Latency counts from when a message was due. It was sent later than that by p50 ${late(50)}, p99 ${late(99)}, max ${late(100)}.`;
  return [
    pace,
    ...(busy > TOO_BUSY
      ? [`This client was at work for ${Math.round(busy * 100)}% of the time: part of the latency is its own.`]
      : []),
    ...(unanswered + unsent > 0
      ? ['The percentiles know nothing of messages without an echo: they are too good.']
      : []),
  ];
}

function latencyFigures(latencies: Latencies): string {
  const { min, max } = latencies;
  if (min === undefined || max === undefined) {
    return 'none: nothing came back';
  }
  const percentiles = PERCENTILES.map((share) => `p${share} ${formatDuration(latencies.percentile(share) ?? 0)}`);
  return [`min ${formatDuration(min)}`, ...percentiles, `max ${formatDuration(max)}`].join('  ');
}

function faults({ unanswered, unsent, differed, lostConnections }: BenchResult): string[] {
  const found = [
    unanswered > 0 && `${unanswered} without an echo`,
    unsent > 0 && `${unsent} due and never sent`,
    differed > 0 && (differed === 1 ? '1 echo differed' : `${differed} echoes differed`),
    lostConnections > 0 && `${count(lostConnections, 'connection')} lost`,
  ].filter(Boolean);
  return found.length === 0 ? [] : [`faults   ${found.join(', ')}`];
}
