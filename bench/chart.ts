import { formatRatio } from './formats.js';
import { baseline } from './peers.js';
import type { PeerResults, Results } from './results.js';

/*
 * The ratios of the echoes over http as an SVG image: bars to the right of the line need less than the baseline, bars to the left need more. The
 * scale is logarithmic, so that half and double are equally long.
 */

const WIDTH = 900;
const PLOT_LEFT = 370;
const PLOT_RIGHT = 840;
const TOP = 116;
const BAR = 11;
const BAR_STEP = 14;
const LOAD_GAP = 14;

/** The servers' colours in their order, on light and on dark ground. */
const colours: readonly (readonly [light: string, dark: string])[] = [
  ['#1d4ed8', '#6ea8fe'],
  ['#0d9488', '#2dd4bf'],
  ['#d97706', '#fbbf24'],
  ['#be185d', '#f472b6'],
  ['#6d28d9', '#a78bfa'],
];

interface Bar {
  readonly ratio: number;
  /** Which of the servers. */
  readonly series: number;
}

interface Row {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** @returns the text of the file */
export function ratioChart({ loads: allLoads, machine }: Results): string {
  const loads = allLoads.filter(({ suite }) => suite === 'http');
  const titles = new Map(loads.flatMap((load) => load.peers.map(({ name, title }) => [name, title])));
  titles.delete(baseline);
  const names = [...titles.keys()];
  const rows = loads
    .map(({ title, peers }): Row => ({ title, bars: peers.flatMap((peer) => barOf(peer, names.indexOf(peer.name))) }))
    .filter(({ bars }) => bars.length > 0);
  const ratios = rows.flatMap(({ bars }) => bars.map(({ ratio }) => ratio));
  const scale = new Scale(Math.min(0.5, ...ratios), Math.max(2, ...ratios));

  let y = TOP;
  const body = rows.map((row) => {
    const from = y;
    y += row.bars.length * BAR_STEP + LOAD_GAP;
    return rowOf(row, from, scale);
  });
  const height = y + 24;
  const software = `Node.js ${machine.node.slice(1)}, ws ${machine.versions.ws}, ${machine.cpu}`;

  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>How many times less each server needs than ${escape(baseline)}</title>`,
    `<style>${style(names.length)}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>`,
    `<text class="title" x="24" y="36">How many times less than bare ws, over http</text>`,
    `<text class="note" x="24" y="57">Server CPU per message or handshake; memory for idle connections and the slow reader. More is better.</text>`,
    legend([...titles.values()]),
    ...scale.ticks.map((tick) => gridLine(tick, scale, y)),
    ...body,
    `<text class="note" x="24" y="${height - 12}">${escape(software)}</text>`,
    '</svg>',
  ].join('\n')}\n`;
}

/** Where ratios lie: whole powers of two from end to end. */
class Scale {
  readonly ticks: readonly number[];
  private readonly first: number;
  private readonly last: number;

  constructor(least: number, most: number) {
    this.first = Math.floor(Math.log2(least));
    this.last = Math.ceil(Math.log2(most));
    this.ticks = Array.from({ length: this.last - this.first + 1 }, (_, index) => 2 ** (this.first + index));
  }

  x(ratio: number): number {
    const share = (Math.log2(ratio) - this.first) / (this.last - this.first);
    return Math.round(PLOT_LEFT + share * (PLOT_RIGHT - PLOT_LEFT));
  }
}

function barOf({ ratio, failures }: PeerResults, series: number): Bar[] {
  return ratio === undefined || failures > 0 || series < 0 ? [] : [{ ratio, series }];
}

function rowOf({ title, bars }: Row, top: number, scale: Scale): string {
  const middle = top + (bars.length * BAR_STEP) / 2 + 4;
  const one = scale.x(1);
  const shapes = bars.map(({ ratio, series }, index) => {
    const y = top + index * BAR_STEP;
    const end = scale.x(ratio);
    const [labelX, anchor] = ratio < 1 ? [end - 5, 'end'] : [end + 5, 'start'];
    return [
      `<rect class="s${series}" x="${Math.min(one, end)}" y="${y}" width="${Math.max(1, Math.abs(end - one))}" height="${BAR}" rx="2"/>`,
      `<text class="value" x="${labelX}" y="${y + BAR - 1.5}" text-anchor="${anchor}">${formatRatio(ratio)}</text>`,
    ].join('');
  });
  return `<text class="load" x="24" y="${middle}">${escape(title)}</text>\n${shapes.join('\n')}`;
}

function legend(titles: readonly string[]): string {
  let x = 24;
  const entries = titles.map((title, series) => {
    const from = x;
    x += 34 + title.length * 7;
    return `<rect class="s${series}" x="${from}" y="74" width="12" height="12" rx="2"/><text class="load" x="${from + 18}" y="84.5">${escape(title)}</text>`;
  });
  return entries.join('\n');
}

function gridLine(tick: number, scale: Scale, bottom: number): string {
  const x = scale.x(tick);
  return [
    `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${bottom - LOAD_GAP + 6}"/>`,
    `<text class="tick" x="${x}" y="${TOP - 13}" text-anchor="middle">${tickLabel(tick)}</text>`,
  ].join('');
}

function tickLabel(tick: number): string {
  return tick === 1 ? baseline : tick < 1 ? `1/${1 / tick}` : `${tick}x`;
}

/** The image is a file of its own, which no style of the page around it reaches: it brings its ground along. */
function style(series: number): string {
  const theme = (index: 0 | 1, ground: string, text: string, faint: string, line: string) =>
    [
      `.ground{fill:${ground}}`,
      `text{fill:${text}}`,
      `.note,.tick{fill:${faint}}`,
      `.grid{stroke:${line}}`,
      `.one{stroke:${faint}}`,
      ...colours.slice(0, series).map((colour, number) => `.s${number}{fill:${colour[index]}}`),
    ].join('');
  return [
    'text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}',
    '.title{font-size:18px;font-weight:600}.note,.tick{font-size:12px}.value{font-size:11px;font-variant-numeric:tabular-nums}',
    '.one{stroke-width:1.5}',
    theme(0, '#ffffff', '#1f2328', '#59636e', '#e3e7eb'),
    `@media(prefers-color-scheme:dark){${theme(1, '#0d1117', '#e6edf3', '#9198a1', '#262c34')}}`,
  ].join('');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
