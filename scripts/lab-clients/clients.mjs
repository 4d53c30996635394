import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The packages from npm that the clients are in, by the name that they are installed under. */
const PACKAGES = { undici: 'undici@8', 'undici-7': 'npm:undici@7', bun: 'bun', deno: 'deno' };

/**
 * Finds the clients that can be run here, and installs those from npm.
 *
 * @param {string} folder where the packages from npm are, or are installed
 * @returns {{ name: string, program: string, args: readonly string[] }[]}
 */
export function findClients(folder) {
  install(folder);
  return [
    ws(),
    undici(folder, 'undici-7'),
    undici(folder, 'undici'),
    node(),
    bun(folder),
    deno(folder),
    ...python(),
  ].filter((client) => client !== undefined);
}

function install(folder) {
  const missing = Object.entries(PACKAGES).filter(([name]) => !existsSync(join(folder, 'node_modules', name)));
  if (missing.length > 0) {
    const packages = missing.map(([name, source]) => (source.startsWith('npm:') ? `${name}@${source}` : source));
    say(`installing ${packages.join(', ')} in ${folder}`);
    run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', ...packages]);
  }
}

function ws() {
  return { name: `ws ${versionOf('node_modules/ws')}`, program: process.execPath, args: ['ws.mjs'] };
}

function undici(folder, name) {
  const path = join(folder, 'node_modules', name);
  return existsSync(path)
    ? { name: `undici ${versionOf(path)}`, program: process.execPath, args: ['whatwg.mjs', path] }
    : skipped(name, `npm install --prefix ${folder}`);
}

function node() {
  return 'WebSocket' in globalThis
    ? { name: `Node.js ${process.versions.node}`, program: process.execPath, args: ['whatwg.mjs'] }
    : skipped("Node.js' own WebSocket", 'a run with Node.js 22 or later');
}

function bun(folder) {
  const program = join(folder, 'node_modules/.bin/bun');
  const version = run(program, ['--version']);
  return version === undefined
    ? skipped('Bun', 'npm install bun')
    : { name: `Bun ${version}`, program, args: ['whatwg.mjs'] };
}

function deno(folder) {
  const program = join(folder, 'node_modules/.bin/deno');
  const version = run(program, ['--version'])?.split(' ')[1];
  return version === undefined
    ? skipped('Deno', 'npm install deno')
    : { name: `Deno ${version}`, program, args: ['run', '--allow-all', '--no-lock', 'whatwg.mjs'] };
}

function python() {
  return [
    ['websockets', 'import websockets.version as v; print(v.version)'],
    ['aiohttp', 'import aiohttp; print(aiohttp.__version__)'],
  ].map(([name, code]) => {
    for (const program of ['python3', '/usr/bin/python3']) {
      const version = run(program, ['-c', code]);
      if (version !== undefined) {
        return { name: `Python ${name} ${version}`, program, args: [`python-${name}.py`] };
      }
    }
    return skipped(`Python's ${name}`, `apt-get install python3-${name}`);
  });
}

function versionOf(path) {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).version;
}

function skipped(name, installation) {
  say(`without ${name}, which comes with: ${installation}`);
}

/** The output of a program; undefined where it fails. */
function run(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

function say(text) {
  process.stderr.write(`lab-clients: ${text}\n`);
}
