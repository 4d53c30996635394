// Runs the library's tests on NestJS 11, which it supports besides the version of this repository. What follows the command
// is for Jest: npm run test:nest11 -- test/libs
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const packages = ['common', 'core', 'platform-express', 'platform-fastify', 'platform-ws', 'websockets'];
const root = dirname(import.meta.dirname);
// Below the repository's own node_modules, so that there is one copy of rxjs, reflect-metadata and ws.
const folder = join(root, 'node_modules/.cache/nest-11');

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "private": true }');
const versions = packages.map((name) => `@nestjs/${name}@11`);
run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--legacy-peer-deps', ...versions], folder);
const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'jest.nest-11.config.js'];
run('node', [...jest, ...process.argv.slice(2)], root);
