// Leaves with 0 when a tag such as v1.2.3 is the version of every package and of the image: node scripts/check-release.mjs v1.2.3
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [tag = ''] = process.argv.slice(2);
const read = (path) => readFileSync(join(root, path), 'utf8');
const { workspaces } = JSON.parse(read('package.json'));
const versions = {
  ...Object.fromEntries(
    ['.', ...workspaces].map((folder) => {
      const path = `${folder === '.' ? '' : `${folder}/`}package.json`;
      return [path, JSON.parse(read(path)).version];
    }),
  ),
  Dockerfile: /image\.version="([^"]+)"/.exec(read('Dockerfile'))?.[1],
  'deploy/kubernetes/deployment.yaml': /image: \S+:(\S+)/.exec(read('deploy/kubernetes/deployment.yaml'))?.[1],
};

const others = Object.entries(versions).filter(([, version]) => `v${version}` !== tag);
for (const [path, version] of others) {
  process.stderr.write(`The tag is ${tag}, but the version in ${path} is ${version}.\n`);
}
process.exit(others.length > 0 ? 1 : 0);
