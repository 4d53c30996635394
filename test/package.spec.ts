import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { compiledFiles, packPackages, Project, typeFaults } from './support/npm.js';

const [server, ...packages] = packPackages('.', 'libs/websockets', 'client/console');
const { manifest, files, tarball } = server;
describe('The package of the server', () => {
  it('contains the build of its sources and of the page, README and LICENSE', () => {
    const built = [
      ...compiledFiles('src', 'dist/src', ['.js', '.js.map', '.d.ts']),
      ...compiledFiles('client/page', 'dist/client/page', ['.js', '.js.map', '.d.ts']),
    ];
    const pageFiles = files.filter((path) => /^dist\/client\/page\/.*\.(html|css|svg|png|ico)$/.test(path));
    expect(pageFiles).toContain('dist/client/page/index.html');
    expect(files.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json', ...built, ...pageFiles].toSorted());
  });

  it('contains the program that package.json names', () => {
    expect(files).toEqual(expect.arrayContaining(Object.values(manifest.bin ?? {})));
  });

  it('passes publint', async () => {
    const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer } });
    expect(messages).toEqual([]);
  });

  it('exports correct types', () => {
    expect(typeFaults(tarball)).toBe('');
  }, 120_000);
});

describe('The packed server, with only its declared dependencies,', () => {
  const project = new Project();
  beforeAll(() => {
    project.extract([server, ...packages]);
    const own = packages.map((one) => one.manifest.name);
    const needed = [server, ...packages].flatMap((one) =>
      Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies }),
    );
    project.link(Array.from(new Set(needed)).filter((name) => !own.includes(name)));
  }, 60_000);

  it.each([
    [['--help'], '--urls <urls>'],
    [['client', '--help'], '--http2'],
  ])(
    'runs with %j',
    (args, expected) => {
      expect(project.run(server.manifest, args)).toContain(expected);
    },
    60_000,
  );
});
