import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Pages that people wrote; TypeDoc checks the links of those that it writes. */
const pages = ['.', 'docs', 'bench', 'libs/websockets', 'client/console'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

describe('The links to files', () => {
  it.each(pages)('of %s lead to files that exist', (page) => {
    const targets = Array.from(
      readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)/g),
      ([, target]) => target,
    );
    const files = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(files.filter((file) => !existsSync(join(root, dirname(page), file)))).toEqual([]);
  });
});
