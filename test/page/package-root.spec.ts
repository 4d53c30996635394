import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRootOf } from '../../src/page/package-root.js';

describe('The package root', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'package root-'));
    writeFileSync(join(root, 'package.json'), '{}');
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it.each(['main.js', 'src/page/page.module.ts', 'dist/src/page/page.module.js'])('is found from %s', (file) => {
    mkdirSync(join(root, file, '..'), { recursive: true });
    expect(packageRootOf(pathToFileURL(join(root, file)).href)).toBe(root);
  });
});
