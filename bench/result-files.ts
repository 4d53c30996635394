import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { ratioChart } from './chart.js';
import type { Results } from './results.js';
import { detailTable, ratioTables } from './tables.js';

/** From dist/bench. */
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Of the last run; git ignores them. */
const latest = { json: `${root}bench/results/latest.json`, chart: `${root}bench/results/latest.svg` };
/** What the README files show. */
const published = { json: `${root}bench/results/published.json`, chart: `${root}docs/images/benchmark.svg` };
const readme = `${root}bench/README.md`;
const section = /(<!-- results -->).*(<!-- \/results -->)/s;

/** @returns what was written, as paths that people can open */
export async function writeResults(results: Results, isPublished: boolean): Promise<string[]> {
  const { json, chart } = isPublished ? published : latest;
  await write(json, JSON.stringify(results));
  await mkdir(dirname(chart), { recursive: true });
  await writeFile(chart, ratioChart(results));
  if (!isPublished) {
    return [json, chart].map(readable);
  }
  const text = await readFile(readme, 'utf8');
  await write(readme, text.replace(section, `$1\n\n${report(results)}\n\n$2`));
  return [json, chart, readme].map(readable);
}

function report(results: Results): string {
  const { machine, date, rounds, seconds } = results;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured on ${date.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, ${machine.system}, ${machine.pinning}.`,
    `Node.js ${machine.node}, ${versions.join(', ')}. Medians of ${rounds} rounds of ${seconds} s.`,
    '',
    ratioTables(results),
    '',
    ...results.loads.flatMap((load) => [`### ${load.title}`, '', detailTable(load), '']),
  ].join('\n');
}

/** Formatted as the linter wants it. */
async function write(path: string, text: string): Promise<void> {
  const options = await resolveConfig(path);
  await writeFile(path, await format(text, { ...options, filepath: path }));
}

function readable(path: string): string {
  return relative(process.cwd(), path);
}
