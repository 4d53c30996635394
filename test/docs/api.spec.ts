import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../support/folder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of each file in a folder. */
function textsIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

describe('docs/api', () => {
  const folder = makeFolder();

  it('matches the output of npm run docs:api', () => {
    execFileSync('npm', ['run', '--silent', 'docs:api', '--', '--out', folder], {
      cwd: root,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    expect(textsIn(join(root, 'docs', 'api'))).toEqual(textsIn(folder));
  }, 120_000);
});
