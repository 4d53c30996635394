// Runs the library's tests with Nest 11. npm installs it in a folder of its own, so that the version of the server stays.
// Further arguments are for Jest: npm run test:nest11 -- test/libs/websockets/nest
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'node_modules', '.cache', 'nest-11');
const names = ['common', 'core', 'platform-express', 'platform-fastify', 'platform-ws', 'websockets'];
const packages = names.map((name) => `@nestjs/${name}@11`).join(' ');

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "private": true }');
const install = `npm install --prefer-offline --no-audit --no-fund --loglevel=error ${packages}`;
const { status } = spawnSync(install, { cwd: folder, shell: true, stdio: ['ignore', 2, 2] });
if (status !== 0) {
  process.stderr.write('npm cannot install Nest 11; see above.\n');
  process.exit(1);
}

const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'jest.nest11.config.js'];
process.exit(
  spawnSync(process.execPath, [...jest, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' }).status ?? 1,
);
