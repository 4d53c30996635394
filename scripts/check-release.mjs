// Exits with 0 when a tag such as v1.2.3 is the version of every package, of the image and of the manifests, and when the
// server depends on that version of the other packages: node scripts/check-release.mjs v1.2.3
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [tag = ''] = process.argv.slice(2);
const expected = tag.replace(/^v/, '');
const read = (path) => readFileSync(join(root, path), 'utf8');
const server = JSON.parse(read('package.json'));
const packages = server.workspaces.map((folder) => ({
  path: `${folder}/package.json`,
  ...JSON.parse(read(`${folder}/package.json`)),
}));

/** What each place states, and what it has to state. */
const statements = [
  ...[{ path: 'package.json', ...server }, ...packages].map(({ path, version }) => [`the version in ${path}`, version]),
  ['the version in Dockerfile', /image\.version="([^"]+)"/.exec(read('Dockerfile'))?.[1]],
  [
    'the version in deploy/kubernetes/deployment.yaml',
    /image: \S+:(\S+)/.exec(read('deploy/kubernetes/deployment.yaml'))?.[1],
  ],
].map((statement) => [...statement, expected]);
statements.push(
  ...packages.map(({ name }) => [`the version of ${name} in package.json`, server.dependencies[name], `^${expected}`]),
);

const faults = statements.filter(([, stated, right]) => stated !== right);
for (const [place, stated, right] of faults) {
  process.stderr.write(`The tag is ${tag}, but ${place} is ${stated}. Expected: ${right}.\n`);
}
process.exit(tag.startsWith('v') && faults.length === 0 ? 0 : 1);
