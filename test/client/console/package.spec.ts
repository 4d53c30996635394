import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import {
  compiledFiles,
  describeWithRegistry,
  exportedFiles,
  packPackages,
  Project,
  typeFaults,
} from '../../support/npm.js';

const [{ manifest, files, tarball }] = packPackages('client/console');
describe('The package of the console client', () => {
  it('contains the build of its sources, README and LICENSE', () => {
    const built = compiledFiles('client/console/src', 'dist', ['.js', '.js.map', '.d.ts']);
    expect(files.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json', ...built].toSorted());
  });

  it('contains the exported files and the program in package.json', () => {
    const named = [...Object.values(manifest.exports).flatMap(exportedFiles), ...Object.values(manifest.bin ?? {})];
    expect(files).toEqual(expect.arrayContaining(named));
  });

  it('passes publint', async () => {
    const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer } });
    expect(messages).toEqual([]);
  });

  it('has types that every ESM resolution finds', () => {
    expect(typeFaults(tarball)).toBe('');
  }, 120_000);
});

describeWithRegistry('The console client, installed in an empty folder', () => {
  const project = new Project();
  let packages: string[];
  beforeAll(() => {
    packages = project.install([tarball]);
  }, 120_000);

  it('is smaller than 3 MB with all its dependencies', () => {
    expect(project.sizeOf(packages)).toBeLessThan(3_000_000);
  });

  it('shows its options with --help', () => {
    expect(project.run(manifest, ['--help'])).toContain('--http2');
  }, 60_000);
});
