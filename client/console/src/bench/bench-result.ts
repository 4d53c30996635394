import { quantity, formatDuration, formatSize, roundedForDisplay } from '../display/format-amounts.js';
import type { Latencies } from '../latencies.js';

/** The load of a run. */
export interface BenchLoad {
  readonly connections: number;
  /** Messages in flight on each connection, if the echoes set the pace (closed loop). */
  readonly inFlight: number;
  /** Messages a second on all connections together, if a schedule sets the pace (open loop). */
  readonly rate?: number;
  /** In milliseconds. */
  readonly duration: number;
  /** Bytes of each message. */
  readonly size: number;
  readonly binary: boolean;
  /** Whether echoes are compared with their messages. */
  readonly verify: boolean;
}

/** The result of a run; times in milliseconds. */
export interface BenchResult {
  readonly load: BenchLoad;
  readonly url: string;
  /** How long messages were sent. */
  readonly duration: number;
  readonly sent: number;
  readonly echoed: number;
  /** Echoes a second while messages were sent. */
  readonly perSecond: number;
  /** Messages without an echo. They are missing in the percentiles. */
  readonly unanswered: number;
  /** Messages that were due but not sent, because the server did not read the messages before them. */
  readonly unsent: number;
  readonly differed: number;
  readonly lostConnections: number;
  /** The times from when a message was due until its echo. */
  readonly latencies: Latencies;
  /** The times from when a message was due until it was sent. */
  readonly lateness: Latencies;
  /** The share of time in which the event loop of this client was busy, from 0 to 1. */
  readonly busy: number;
}

/** The percentiles in the result. */
export const PERCENTILES = [50, 90, 99, 99.9, 99.99];

/** A client that is busier than this also measures its own delays. */
const TOO_BUSY = 0.9;

/** The result as text. */
export function benchLines(result: BenchResult): string[] {
  const { load, url, latencies } = result;
  const pace =
    load.rate === undefined ? `${load.inFlight} in flight on each` : `${load.rate} a second, on schedule (open loop)`;
  const kind = `${load.binary ? 'binary' : 'text'} messages of ${formatSize(load.size)}`;
  return [
    `${url}: ${kind} on ${quantity(load.connections, 'connection')}, ${pace}${load.rate === undefined ? ' (closed loop)' : ''}`,
    `echoes   ${result.echoed} in ${formatDuration(result.duration)}, ${roundedForDisplay(result.perSecond)} a second, ${formatSize(result.perSecond * load.size)} a second each way`,
    `latency  ${latencyFigures(latencies)}`,
    ...faults(result),
  ];
}

/** Sentences that are necessary to interpret the result. */
export function caveats({ load, lateness, busy, unanswered, unsent }: BenchResult): string[] {
  const late = (share: number): string => formatDuration(lateness.percentile(share) ?? 0);
  const pace =
    load.rate === undefined
      ? 'Closed loop: each message waits for an echo, so a slow moment delays the messages that would measure it. --rate sends on a schedule instead.'
      : `Latency counts from when a message was due. Messages were late by p50 ${late(50)}, p99 ${late(99)}, max ${late(100)}.`;
  return [
    pace,
    ...(busy > TOO_BUSY
      ? [`This client was busy for ${Math.round(busy * 100)}% of the time: part of the latency is its own.`]
      : []),
    ...(unanswered + unsent > 0
      ? ['Messages without an echo are missing in the percentiles, which are therefore too low.']
      : []),
  ];
}

function latencyFigures(latencies: Latencies): string {
  const { min, max } = latencies;
  if (min === undefined || max === undefined) {
    return 'not measured: no echo arrived';
  }
  const percentiles = PERCENTILES.map((share) => `p${share} ${formatDuration(latencies.percentile(share) ?? 0)}`);
  return [`min ${formatDuration(min)}`, ...percentiles, `max ${formatDuration(max)}`].join('  ');
}

function faults({ unanswered, unsent, differed, lostConnections }: BenchResult): string[] {
  const found = [
    unanswered > 0 && `${unanswered} without an echo`,
    unsent > 0 && `${unsent} due and not sent`,
    differed > 0 && (differed === 1 ? '1 echo differed' : `${differed} echoes differed`),
    lostConnections > 0 && `${quantity(lostConnections, 'connection')} lost`,
  ].filter(Boolean);
  return found.length === 0 ? [] : [`faults   ${found.join(', ')}`];
}
