// Installs and builds what is missing, and nothing else. `npm start` and `npm test` run it first, in a fresh
// clone as on the hundredth call, so it needs only Node.js, and is quick if nothing is missing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const buildStamp = join(root, 'dist', '.built-from');
/** The folders that the build makes in the packages. */
const builtPackages = ['libs/websockets/dist', 'client/console/dist'];
const buildInputs = [
  'src',
  'libs/websockets/src',
  'libs/websockets/tsconfig.json',
  'client/console/src',
  'client/console/tsconfig.json',
  'client/page',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.package.json',
  'tsconfig.build.json',
  'nest-cli.json',
];

/** @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} */
function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
  } catch {
    return {};
  }
}

/** Whether node_modules holds what package-lock.json asks for. npm keeps its own list of what it has installed. */
function isInstalled() {
  const installed = packagesIn('node_modules/.package-lock.json');
  return Object.entries(packagesIn('package-lock.json')).every(
    ([path, wanted]) =>
      path === '' || wanted.optional || wanted.devOptional || installed[path]?.version === wanted.version,
  );
}

/** A digest of every file that the build reads: its path, size and time of change. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const input of buildInputs) {
    const path = join(root, input);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .toSorted()
      : [path];
    for (const file of files) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

function isBuilt(inputs) {
  return (
    builtPackages.every((folder) => existsSync(join(root, folder))) &&
    existsSync(buildStamp) &&
    readFileSync(buildStamp, 'utf8') === inputs
  );
}

function run(command) {
  process.stderr.write(`> ${command}\n`);
  // A shell, because npm is a script (`npm.cmd`) on Windows. Output goes to stderr: stdout belongs to the caller.
  const { status } = spawnSync(command, { cwd: root, shell: true, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(`${command} failed; see above.\n`);
    process.exit(1);
  }
}

if (!isInstalled()) {
  // Engine warnings come from parts of NestJS that this project does not call on Node.js 20; errors still show.
  // No install script is needed.
  run('npm ci --ignore-scripts --no-audit --no-fund --loglevel=error');
}
const inputs = fingerprint();
if (!isBuilt(inputs)) {
  run('npm run --silent build');
  writeFileSync(buildStamp, inputs);
}
