import { formatBytes, formatCount, formatPercent, formatRatio, formatTime } from './formats.js';
import type { FigureName } from './figures.js';
import type { LoadResults, PeerResults, Results } from './results.js';
import { suiteTitles } from './suites.js';

/** Tables of Markdown, aligned so that they read well on a terminal, too. */

/** How many times less each server needs than the baseline, load by load: a table for each suite. */
export function ratioTables({ loads }: Results): string {
  const suites = new Set(loads.map(({ suite }) => suite));
  return Array.from(suites, (suite) => {
    const ratios = ratioTable(loads.filter((load) => load.suite === suite));
    return `${suiteTitles[suite]}:\n\n${ratios}`;
  }).join('\n\n');
}

function ratioTable(loads: readonly LoadResults[]): string {
  const peers = new Map(loads.flatMap((load) => load.peers.map(({ name, title }) => [name, title])));
  const rows = loads.map((load) => [
    load.title,
    ...Array.from(peers.keys(), (name) => ratioCell(load.peers.find((peer) => peer.name === name))),
  ]);
  return table(['load', ...peers.values()], rows);
}

/** All figures of a load. Columns that have nothing to say are left out. */
export function detailTable({ peers }: LoadResults): string {
  const columns = detailColumns.filter(([, cell]) => peers.some((peer) => cell(peer) !== ''));
  return table(
    ['server', ...columns.map(([heading]) => heading)],
    peers.map((peer) => [peer.title, ...columns.map(([, cell]) => cell(peer))]),
  );
}

/** What was found to be wrong, one line each. */
export function failureLines({ loads }: Results): string[] {
  return loads.flatMap((load) =>
    load.peers
      .filter(({ failures }) => failures > 0)
      .map(({ title, failures, firstFailure }) => `${load.title}, ${title}: ${failures} failed. ${firstFailure}`),
  );
}

const detailColumns: readonly (readonly [heading: string, cell: (peer: PeerResults) => string])[] = [
  ['ratio', ratioCell],
  ['CPU/message', figureCell('cpuPerMessage', formatTime)],
  ['messages/s', figureCell('messagesPerSecond', formatCount)],
  ['p50', figureCell('p50', formatTime)],
  ['p90', figureCell('p90', formatTime)],
  ['p99', figureCell('p99', formatTime)],
  ['memory/connection', figureCell('memoryPerConnection', formatBytes)],
  ['memory growth', figureCell('memoryGrowth', formatBytes)],
  ['taken unread', figureCell('accepted', formatBytes)],
  ['peak memory', figureCell('peakMemory', formatBytes)],
  ['server CPU', figureCell('serverCpu', formatPercent)],
  ['load CPU', figureCell('loadCpu', formatPercent)],
  ['other CPU', figureCell('otherCpu', formatPercent)],
  ['at its limit', ({ limit }) => limit ?? ''],
];

function figureCell(name: FigureName, format: (value: number) => string) {
  return ({ figures }: PeerResults): string => {
    const value = figures[name];
    return value === undefined ? '' : format(value);
  };
}

function ratioCell(peer: PeerResults | undefined): string {
  if (peer?.failures) {
    return 'wrong';
  }
  return peer?.unsupported ?? (peer?.ratio === undefined ? '' : formatRatio(peer.ratio));
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((cells) => cells[column].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}
