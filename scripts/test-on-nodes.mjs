// Runs the tests on each version of Node.js that is supported: the newest of each line, from the npm package `node`, which
// brings the program itself. What follows the command is for Jest: npm run test:nodes -- test/libs/websockets
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

const versions = ['20', '22', '24', '26'];
const root = dirname(import.meta.dirname);

/** @returns the folder of that version's program; npm keeps it in its cache */
function folderOf(version) {
  const args = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p', 'process.execPath'];
  const { status, stdout } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) {
    throw new Error(`npm cannot bring Node.js ${version}; see above.`);
  }
  return dirname(stdout.trim());
}

const failed = versions.filter((version) => {
  const folder = folderOf(version);
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  process.stderr.write(`> Node.js ${version}, in ${folder}\n`);
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)];
  return spawnSync('node', jest, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH } }).status !== 0;
});
if (failed.length > 0) {
  process.stderr.write(`The tests fail on Node.js ${failed.join(', ')}.\n`);
  process.exit(1);
}
