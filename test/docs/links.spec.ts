import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Handwritten pages. TypeDoc checks the links of the generated ones. */
const pages = ['.', 'docs', 'bench', 'libs/websockets', 'client/console'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

describe('The links to files', () => {
  it.each(pages)('in %s lead to existing files', (page) => {
    const targets = Array.from(
      readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)/g),
      ([, target]) => target,
    );
    const files = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(files.filter((file) => !existsSync(join(root, dirname(page), file)))).toEqual([]);
  });
});
