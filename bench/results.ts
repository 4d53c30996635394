import { decidingFigure, type FigureName, type Figures, type Run } from './figures.js';
import type { Load } from './loads.js';
import type { Machine } from './machine.js';
import { baseline, type Peer } from './peers.js';
import { median } from './statistics.js';
import type { Suite } from './suites.js';

/** All that a benchmark has found out: what is written to a file, and what tables and charts are made of. */
export interface Results {
  readonly date: string;
  readonly rounds: number;
  /** How long each run was measured, in seconds. */
  readonly seconds: number;
  readonly machine: Machine;
  readonly loads: readonly LoadResults[];
}

export interface LoadResults {
  readonly name: string;
  readonly title: string;
  readonly suite: Suite;
  readonly kind: Load['kind'];
  readonly peers: readonly PeerResults[];
}

export interface PeerResults {
  readonly name: string;
  readonly title: string;
  /** How many times less the server needs than the baseline: the median of what the rounds have shown. */
  readonly ratio?: number;
  /** The median of each figure. */
  readonly figures: Figures;
  /** What was at its limit. Where it was the load, the server could have done more messages in the same time. */
  readonly limit?: 'server' | 'load' | 'both' | 'neither';
  readonly failures: number;
  readonly firstFailure?: string;
  readonly unsupported?: string;
  readonly rounds: readonly Figures[];
}

/** A process that had its core for so much of the time had no time left. */
const SATURATED = 0.9;

/** @param runs of each peer, the same number */
export function summarize(load: Load, runs: ReadonlyMap<Peer, readonly Run[]>): LoadResults {
  const deciding = decidingFigure[load.kind];
  const baselineRuns = [...runs].find(([{ name }]) => name === baseline)?.[1] ?? [];
  const peers = Array.from(runs, ([{ name, title }, peerRuns]): PeerResults => {
    const figures = medians(peerRuns);
    const ratios = peerRuns.flatMap((run, round) => {
      const ratio = (baselineRuns.at(round)?.figures[deciding] ?? NaN) / (run.figures[deciding] ?? NaN);
      return Number.isFinite(ratio) && ratio > 0 ? [ratio] : [];
    });
    return {
      name,
      title,
      ratio: ratios.length > 0 ? median(ratios) : undefined,
      figures,
      limit: limitOf(figures),
      failures: peerRuns.reduce((sum, { failures }) => sum + failures, 0),
      firstFailure: peerRuns.find(({ firstFailure }) => firstFailure)?.firstFailure,
      unsupported: peerRuns.find(({ unsupported }) => unsupported)?.unsupported,
      rounds: peerRuns.map((run) => run.figures),
    };
  });
  return { name: load.name, title: load.title, suite: load.suite, kind: load.kind, peers };
}

function medians(runs: readonly Run[]): Figures {
  const names = new Set(runs.flatMap(({ figures }) => Object.keys(figures) as FigureName[]));
  return Object.fromEntries(
    Array.from(names, (name) => [name, median(runs.flatMap(({ figures }) => figures[name] ?? []))]),
  );
}

function limitOf({ serverCpu, loadCpu }: Figures): PeerResults['limit'] {
  if (serverCpu === undefined || loadCpu === undefined) {
    return undefined;
  }
  if (serverCpu >= SATURATED) {
    return loadCpu >= SATURATED ? 'both' : 'server';
  }
  return loadCpu >= SATURATED ? 'load' : 'neither';
}
