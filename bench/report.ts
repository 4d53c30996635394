import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { FigureName, Load } from './loads.js';
import type { Figures, Run } from './measure.js';
import { baseline, root, type Peer } from './peers.js';

export interface LoadResults {
  readonly load: Load;
  readonly peers: readonly PeerResults[];
}

export interface PeerResults {
  readonly peer: Peer;
  /** The median of each figure. */
  readonly figures: Figures;
  /** How many times less than the baseline of the same round the peer needs: the median of the rounds. */
  readonly ratios: Partial<Record<FigureName, number>>;
  readonly unsupported?: string;
  readonly failure?: string;
}

/** @param runs the same number for each peer, by round */
export function summarize(load: Load, runs: ReadonlyMap<Peer, readonly Run[]>): LoadResults {
  const baselineRuns = [...runs].find(([{ name }]) => name === baseline)?.[1] ?? [];
  const peers = Array.from(runs, ([peer, peerRuns]): PeerResults => {
    const medianOf = (figure: keyof Figures): number | undefined =>
      median(peerRuns.map(({ figures }) => figures[figure] ?? NaN));
    const ratioOf = (figure: FigureName): number | undefined =>
      median(peerRuns.map(({ figures }, round) => baselineRuns[round].figures[figure]! / figures[figure]!));
    const failure = peerRuns.find((run) => run.failure !== undefined)?.failure;
    return {
      peer,
      figures: Object.fromEntries(figureNames.map((name) => [name, medianOf(name)])),
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

/** Of each figure: the column of the details, what it adds to the title of a load, and how it is written. */
const figureFormats: Readonly<Record<keyof Figures, [column: string, row: string, format: (value: number) => string]>> =
  {
    cpu: ['CPU/message', '', formatTime],
    perSecond: ['messages/s', '', (value) => Math.round(Number(value.toPrecision(3))).toLocaleString('en')],
    p50: ['p50', ': median latency', formatTime],
    p99: ['p99', '', formatTime],
    memoryPerConnection: ['memory/connection', ': memory of each', formatBytes],
    memoryGrowth: ['memory growth', ': memory', formatBytes],
    peakMemory: ['peak memory', ': peak memory', formatBytes],
    serverCpu: ['server CPU', '', formatShare],
    loadCpu: ['load CPU', '', formatShare],
    otherCpu: ['other CPU', '', formatShare],
  };
const figureNames = Object.keys(figureFormats) as (keyof Figures)[];

/** `0.42`, `1.10`, `12`, `119`: no more digits than the next run would confirm. */
function formatRatio(ratio: number): string {
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

/** A Markdown table: all figures of one load. */
export function detailTable({ peers }: LoadResults): string {
  const names = figureNames.filter((name) => peers.some(({ figures }) => figures[name] !== undefined));
  const rows = peers.map(({ peer, figures, failure }) => {
    const cells = names.map((name) => {
      const value = figures[name];
      return value === undefined ? missing(failure) : figureFormats[name][2](value);
    });
    return [peer.title, ...cells];
  });
  return table(['server', ...names.map((name) => figureFormats[name][0])], rows);
}

/** One figure of a load: a row of the ratios. */
interface Row {
  readonly title: string;
  readonly figure: FigureName;
  readonly peers: readonly PeerResults[];
}

function rowsOf(results: readonly LoadResults[]): Row[] {
  return results.flatMap(({ load, peers }) =>
    load.figures.map((figure) => ({ title: load.title + figureFormats[figure][1], figure, peers })),
  );
}

/** All peers that take part, in their order. */
function peersOf(results: readonly LoadResults[]): Peer[] {
  return [...new Set(results.flatMap(({ peers }) => peers.map(({ peer }) => peer)))];
}

/** A Markdown table: how many times less each peer needs than the baseline. Memory is shown as well. */
export function ratioTable(results: readonly LoadResults[]): string {
  const peers = peersOf(results);
  const rows = rowsOf(results).map(({ title, figure, peers: all }) => {
    const cells = peers.map((peer) => {
      const result = all.find((one) => one.peer === peer);
      const ratio = result?.ratios[figure];
      const value = result?.figures[figure];
      if (ratio === undefined || value === undefined) {
        return missing(result?.failure, result?.unsupported);
      }
      return formatRatio(ratio) + (figureFormats[figure][2] === formatBytes ? ` (${formatBytes(value)})` : '');
    });
    return [title, ...cells];
  });
  return table(['load', ...peers.map(({ title }) => title)], rows);
}

/** The cell of a figure that was not measured. */
function missing(failure: string | undefined, unsupported = '-'): string {
  return failure === undefined ? unsupported : 'wrong';
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((cells) => cells[column].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/** The part of a page that holds the figures. */
const section = /(<!-- benchmark -->).*(<!-- \/benchmark -->)/s;

/** Replaces the published figures. @returns the paths of the files, relative to the repository */
export async function publish(results: readonly LoadResults[], how: string): Promise<string[]> {
  const machine = `${cpus()[0]?.model.trim()}, ${type()} ${release()}, Node.js ${process.version}`;
  const measured = `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}; ${how}.`;
  const texts = {
    'README.md': ratioTable(results),
    'bench/README.md': `${measured}\n\n${ratioTable(results)}`,
  };
  for (const [path, text] of Object.entries(texts)) {
    const file = join(root, path);
    const page = (await readFile(file, 'utf8')).replace(
      section,
      (_, start: string, end: string) => `${start}\n\n${text}\n\n${end}`,
    );
    await writeFile(file, await format(page, { ...(await resolveConfig(file)), filepath: path }));
  }
  const image = 'docs/images/benchmark.svg';
  const plain = results.filter(({ load }) => load.transport === 'http');
  await writeFile(join(root, image), barChart(plain, machine));
  return [...Object.keys(texts), image];
}

const WIDTH = 900;
const LEFT = 400;
const TOP = 90;
const BAR = 11;
const GAP = 12;
/** The bars of each peer, on a light and on a dark background. */
const colours = [
  ['#1d4ed8', '#6ea8fe'],
  ['#0d9488', '#2dd4bf'],
  ['#d97706', '#fbbf24'],
  ['#be185d', '#f472b6'],
  ['#6d28d9', '#a78bfa'],
  ['#4d7c0f', '#a3e635'],
  ['#57534e', '#d6d3d1'],
] as const;

/** Draws the ratios as bars on a logarithmic scale. Bars to the right of the line need less than `ws`. */
function barChart(results: readonly LoadResults[], note: string): string {
  const peers = peersOf(results).filter(({ name }) => name !== baseline);
  const rows = rowsOf(results).map(({ title, figure, peers: all }) => {
    const bars = peers.flatMap((peer, index) => {
      const ratio = all.find((result) => result.peer === peer)?.ratios[figure];
      return ratio === undefined ? [] : [{ ratio, index }];
    });
    return { title, bars };
  });
  const logarithms = rows.flatMap(({ bars }) => bars.map(({ ratio }) => Math.log2(ratio)));
  const least = Math.min(-1, ...logarithms);
  const perDoubling = (WIDTH - 60 - LEFT) / (Math.max(1, ...logarithms) - least);
  const one = LEFT - least * perDoubling;

  const text = (x: number, y: number, content: string, attributes = ''): string =>
    `<text x="${x.toFixed()}" y="${y.toFixed()}" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
  const bar = (x: number, y: number, width: number, peer: number): string =>
    `<rect class="p${peer}" x="${x.toFixed()}" y="${y}" width="${width.toFixed()}" height="${BAR}"/>`;
  const shapes = peers.map(({ title }, peer) => bar(24 + peer * 122, 52, BAR, peer) + text(40 + peer * 122, 62, title));
  let y = TOP;
  for (const { title, bars } of rows) {
    shapes.push(text(24, y + (bars.length * (BAR + 2)) / 2 + 4, title));
    for (const { ratio, index } of bars) {
      const length = Math.log2(ratio) * perDoubling;
      const [gap, anchor] = length < 0 ? [-4, 'text-anchor="end"'] : [4, ''];
      shapes.push(bar(Math.min(one, one + length), y, Math.max(1, Math.abs(length)), index));
      shapes.push(text(one + length + gap, y + 9, formatRatio(ratio), anchor));
      y += BAR + 2;
    }
    y += GAP;
  }

  const theme = (index: 0 | 1, ground: string, ink: string): string =>
    `.ground{fill:${ground}}text{fill:${ink}}line{stroke:${ink}}` +
    peers.map((_, peer) => `.p${peer}{fill:${colours[peer % colours.length][index]}}`).join('');
  const title = 'How many times less each server needs than bare ws';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" width="${WIDTH}" height="${y + 24}" role="img">
<title>${title}</title>
<style>text{font:12px system-ui,sans-serif}.title{font-size:18px;font-weight:600}
${theme(0, '#fff', '#1f2328')}
@media(prefers-color-scheme:dark){${theme(1, '#0d1117', '#e6edf3')}}</style>
<rect class="ground" width="${WIDTH}" height="${y + 24}" rx="8"/>
${text(24, 34, title, 'class="title"')}
${shapes.join('\n')}
<line x1="${one.toFixed()}" x2="${one.toFixed()}" y1="${TOP - 8}" y2="${y - GAP + 4}"/>
${text(24, y + 10, `Server CPU per message, memory, or latency; more is better. ${note}`)}
</svg>
`;
}
