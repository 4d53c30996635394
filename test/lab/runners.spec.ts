import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const jestConfig = { rootDir: `${root}test/lab/runners`, testMatch: ['**/jest.mjs'], transform: {} };

describe('The lab server of the built package', () => {
  // A leaked handle would keep the process alive, and the test would time out.
  it.each<[string, string[], RegExp]>([
    ['node:test', ['--test', '--test-reporter=tap', 'test/lab/runners/node-test.mjs'], /^# pass 4$/m],
    [
      'Jest',
      ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', JSON.stringify(jestConfig)],
      /Tests: +4 passed, 4 total/,
    ],
  ])('works in %s, and leaves no handle', async (_, args, passed) => {
    // Jest and node:test recognize their own workers by these variables.
    const { JEST_WORKER_ID: _worker, NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env });

    expect(stdout + stderr).toMatch(passed);
    expect(stderr).not.toContain('did not exit');
  });
});
