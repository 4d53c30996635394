import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { baseline, root } from './peers.js';
import { formatRatio, peersOf, ratioTable, rowsOf, type LoadResults } from './results.js';

/** The part of a page that is replaced. */
const section = /(<!-- benchmark -->).*(<!-- \/benchmark -->)/s;

/** Replaces the published figures. @returns the paths of the files, in the project */
export async function publish(results: readonly LoadResults[], how: string): Promise<string[]> {
  const machine = `${cpus()[0]?.model.trim()}, ${type()} ${release()}, Node.js ${process.version}`;
  const measured = `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}; ${how}.`;
  const files = {
    'README.md': ratioTable(results),
    'bench/README.md': `${measured}\n\n${ratioTable(results)}`,
  };
  for (const [path, text] of Object.entries(files)) {
    const page = await readFile(join(root, path), 'utf8');
    const replaced = page.replace(section, (_, start: string, end: string) => `${start}\n\n${text}\n\n${end}`);
    const options = await resolveConfig(join(root, path));
    await writeFile(join(root, path), await format(replaced, { ...options, filepath: path }));
  }
  const image = 'docs/images/benchmark.svg';
  await writeFile(
    join(root, image),
    barChart(
      results.filter(({ load }) => load.transport === 'http'),
      machine,
    ),
  );
  return [...Object.keys(files), image];
}

const WIDTH = 900;
const LEFT = 400;
const TOP = 90;
const BAR = 11;
const GAP = 12;
/** One per peer, on light and on dark background. */
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
  const rows = rowsOf(results).map(({ title, figure, peers: all }) => ({
    title,
    bars: all.flatMap(({ peer, ratios }) => {
      const ratio = ratios[figure];
      return peer.name === baseline || ratio === undefined ? [] : [{ ratio, peer: peers.indexOf(peer) }];
    }),
  }));
  const logarithms = rows.flatMap(({ bars }) => bars.map(({ ratio }) => Math.log2(ratio)));
  const least = Math.min(-1, ...logarithms);
  const perDoubling = (WIDTH - 60 - LEFT) / (Math.max(1, ...logarithms) - least);
  const one = LEFT - least * perDoubling;

  const shapes: string[] = [];
  const text = (x: number, y: number, content: string, attributes = '') =>
    shapes.push(`<text x="${x.toFixed()}" y="${y.toFixed()}" ${attributes}>${escape(content)}</text>`);
  const bar = (x: number, y: number, width: number, peer: number) =>
    shapes.push(`<rect class="p${peer}" x="${x.toFixed()}" y="${y}" width="${width.toFixed()}" height="${BAR}"/>`);

  text(24, 34, 'How many times less than bare ws', 'class="title"');
  peers.forEach(({ title }, peer) => {
    bar(24 + peer * 122, 52, BAR, peer);
    text(40 + peer * 122, 62, title);
  });
  let y = TOP;
  for (const { title, bars } of rows) {
    text(24, y + (bars.length * (BAR + 2)) / 2 + 4, title);
    for (const { ratio, peer } of bars) {
      const length = Math.log2(ratio) * perDoubling;
      bar(Math.min(one, one + length), y, Math.max(1, Math.abs(length)), peer);
      text(one + length + (length < 0 ? -4 : 4), y + 9, formatRatio(ratio), length < 0 ? 'text-anchor="end"' : '');
      y += BAR + 2;
    }
    y += GAP;
  }
  shapes.push(`<line x1="${one.toFixed()}" x2="${one.toFixed()}" y1="${TOP - 8}" y2="${y - GAP + 4}"/>`);
  text(24, y + 10, `Server CPU per message, memory, or latency; more is better. ${note}`);

  const theme = (index: 0 | 1, ground: string, ink: string) =>
    `.ground{fill:${ground}}text{fill:${ink}}line{stroke:${ink}}` +
    peers.map((_, peer) => `.p${peer}{fill:${colours[peer % colours.length][index]}}`).join('');
  const style =
    'text{font:12px system-ui,sans-serif}.title{font-size:18px;font-weight:600}' +
    `${theme(0, '#fff', '#1f2328')}@media(prefers-color-scheme:dark){${theme(1, '#0d1117', '#e6edf3')}}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" width="${WIDTH}" height="${y + 24}" role="img">`,
    `<title>How many times less each server needs than ws</title><style>${style}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${y + 24}" rx="8"/>`,
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
