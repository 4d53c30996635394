import type { FigureName, Load } from './loads.js';
import type { Figures, Run } from './measure.js';
import { baseline, type Peer } from './peers.js';

export interface LoadResults {
  readonly load: Load;
  readonly peers: readonly PeerResults[];
}

export interface PeerResults {
  readonly peer: Peer;
  /** The median of each figure. */
  readonly figures: Figures;
  /** How many times less than the baseline of the same round: the median of the rounds. */
  readonly ratios: Partial<Record<FigureName, number>>;
  readonly unsupported?: string;
  readonly failure?: string;
}

/** @param runs the same number for each peer, by round */
export function summarize(load: Load, runs: ReadonlyMap<Peer, readonly Run[]>): LoadResults {
  const baselineRuns = [...runs].find(([{ name }]) => name === baseline)?.[1] ?? [];
  const peers = Array.from(runs, ([peer, peerRuns]): PeerResults => {
    const ratioOf = (figure: FigureName) =>
      median(
        peerRuns.map((run, round) => (baselineRuns[round]?.figures[figure] ?? NaN) / (run.figures[figure] ?? NaN)),
      );
    const failure = peerRuns.find((run) => run.failure !== undefined)?.failure;
    const names = new Set(peerRuns.flatMap(({ figures }) => Object.keys(figures) as (keyof Figures)[]));
    return {
      peer,
      figures: Object.fromEntries(
        Array.from(names, (name) => [name, median(peerRuns.map(({ figures }) => figures[name] ?? NaN))]),
      ),
      ratios: failure === undefined ? Object.fromEntries(load.figures.map((figure) => [figure, ratioOf(figure)])) : {},
      unsupported: peerRuns.find(({ unsupported }) => unsupported !== undefined)?.unsupported,
      failure,
    };
  });
  return { load, peers };
}

/** The median of the finite numbers. */
function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.filter((number) => Number.isFinite(number)).toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length === 0 ? undefined : (sorted[Math.ceil(middle - 1)] + sorted[Math.floor(middle)]) / 2;
}

/** A row of the tables: one figure of a load. */
export interface Row {
  readonly title: string;
  readonly figure: FigureName;
  readonly peers: readonly PeerResults[];
}

const figureTitles: Readonly<Record<FigureName, string>> = {
  cpu: '',
  p50: ': median latency',
  peakMemory: ': peak memory',
  memoryPerConnection: ': memory of each',
  memoryGrowth: ': memory',
};

export function rowsOf(results: readonly LoadResults[]): Row[] {
  return results.flatMap(({ load, peers }) =>
    load.figures.map((figure) => ({ title: load.title + figureTitles[figure], figure, peers })),
  );
}

/** All peers that take part, in their order. */
export function peersOf(results: readonly LoadResults[]): Peer[] {
  return [...new Set(results.flatMap(({ peers }) => peers.map(({ peer }) => peer)))];
}

/** A Markdown table: how many times less each peer needs than the baseline. Memory is shown as well. */
export function ratioTable(results: readonly LoadResults[]): string {
  const peers = peersOf(results);
  const cell = (result: PeerResults | undefined, figure: FigureName): string => {
    const ratio = result?.ratios[figure];
    if (!result || ratio === undefined) {
      return result ? reason(result) : '-';
    }
    const memory = figureFormats[figure] === formatBytes ? ` (${formatBytes(result.figures[figure]!)})` : '';
    return formatRatio(ratio) + memory;
  };
  const rows = rowsOf(results).map(({ title, figure, peers: all }) => [
    title,
    ...peers.map((peer) =>
      cell(
        all.find((result) => result.peer === peer),
        figure,
      ),
    ),
  ]);
  return table(['load', ...peers.map(({ title }) => title)], rows);
}

/** A Markdown table: all figures of one load. */
export function detailTable({ peers }: LoadResults): string {
  const names = (Object.keys(columnTitles) as (keyof Figures)[]).filter((name) =>
    peers.some(({ figures }) => figures[name] !== undefined),
  );
  const rows = peers.map((result) => [
    result.peer.title,
    ...names.map((name) => {
      const value = result.figures[name];
      return value === undefined ? (result.failure === undefined ? '-' : 'wrong') : figureFormats[name](value);
    }),
  ]);
  return table(['server', ...names.map((name) => columnTitles[name])], rows);
}

/** Why there is no figure. */
function reason({ failure, unsupported = '-' }: PeerResults): string {
  return failure === undefined ? unsupported : 'wrong';
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((cells) => cells[column].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

const columnTitles: Readonly<Record<keyof Figures, string>> = {
  cpu: 'CPU/message',
  perSecond: 'messages/s',
  p50: 'p50',
  p99: 'p99',
  memoryPerConnection: 'memory/connection',
  memoryGrowth: 'memory growth',
  peakMemory: 'peak memory',
  serverCpu: 'server CPU',
  loadCpu: 'load CPU',
  otherCpu: 'other CPU',
};

const figureFormats: Readonly<Record<keyof Figures, (value: number) => string>> = {
  cpu: formatTime,
  perSecond: (value) => Math.round(Number(value.toPrecision(3))).toLocaleString('en'),
  p50: formatTime,
  p99: formatTime,
  memoryPerConnection: formatBytes,
  memoryGrowth: formatBytes,
  peakMemory: formatBytes,
  serverCpu: formatShare,
  loadCpu: formatShare,
  otherCpu: formatShare,
};

/** `0.42`, `1.10`, `12`, `119`: no more digits than the next run would confirm. */
export function formatRatio(ratio: number): string {
  return ratio < 2 ? ratio.toFixed(2) : ratio < 9.95 ? ratio.toFixed(1) : ratio.toFixed(0);
}

function formatTime(milliseconds: number): string {
  return milliseconds < 1 ? `${significant(milliseconds * 1000)} µs` : `${significant(milliseconds)} ms`;
}

function formatBytes(bytes: number): string {
  return bytes < 1024 ** 2 ? `${significant(bytes / 1024)} KiB` : `${significant(bytes / 1024 ** 2)} MiB`;
}

function formatShare(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function significant(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
