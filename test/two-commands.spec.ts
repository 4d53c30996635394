import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './support/folder.js';

// `npm start` and `npm test` both begin with scripts/ready.mjs. Here it works on a sample project: one dependency,
// packed as a tarball so that nothing is downloaded, and a build that only records that it ran.
let project: string;
/** npm starts slowly on a busy machine. */
const timeout = 60_000;

function inProject(path: string): string {
  return join(project, path);
}

function write(path: string, content: unknown): void {
  mkdirSync(join(inProject(path), '..'), { recursive: true });
  writeFileSync(inProject(path), typeof content === 'string' ? content : JSON.stringify(content));
}

function npm(command: string): void {
  execFileSync(`npm ${command} --silent`, { cwd: project, shell: true, stdio: 'ignore' });
}

/** Packs a version of the dependency, and locks the project to it. */
function requireDependency(version: string): void {
  write('dependency/package.json', { name: 'dependency', version });
  npm('pack ./dependency');
  write('package.json', {
    name: 'project',
    version: '1.0.0',
    dependencies: { dependency: `file:dependency-${version}.tgz` },
    scripts: { build: 'node build.js' },
  });
  npm('install --package-lock-only');
}

/** The result of one run: its exit code, the commands that ran, and its stdout, which belongs to the caller. */
function ready(): { status: number | null; ran: string[]; stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/ready.mjs'], {
    cwd: project,
    encoding: 'utf8',
  });
  const ran = [...stderr.matchAll(/^> npm (?:run --silent )?(\w+)/gm)].map(([, command = '']) => command);
  return { status, ran, stdout };
}

beforeAll(() => {
  project = makeFolder();
  cpSync(fileURLToPath(new URL('../scripts/ready.mjs', import.meta.url)), inProject('scripts/ready.mjs'));
  write(
    'build.js',
    `for (const folder of ['dist', 'libs/websockets/dist', 'client/console/dist']) {
       require('node:fs').mkdirSync(folder, { recursive: true });
     }
     console.log('built');`,
  );
  for (const folder of ['src', 'libs/websockets/src', 'client/console/src', 'client/page']) {
    write(`${folder}/main.ts`, '');
  }
  for (const file of ['tsconfig.json', 'tsconfig.package.json', 'tsconfig.build.json', 'nest-cli.json']) {
    write(file, {});
  }
  for (const folder of ['libs/websockets', 'client/console']) {
    write(`${folder}/tsconfig.json`, {});
  }
  requireDependency('1.0.1');
  cpSync(inProject('package-lock.json'), inProject('next/package-lock.json'));
  cpSync(inProject('package.json'), inProject('next/package.json'));
  requireDependency('1.0.0');
}, timeout);

describe('The script behind npm start and npm test', () => {
  it(
    'installs and builds in a fresh clone',
    () => {
      expect(ready()).toEqual({ status: 0, ran: ['ci', 'build'], stdout: '' });
      expect(existsSync(inProject('node_modules/dependency/package.json'))).toBe(true);
    },
    timeout,
  );

  it.each<[reason: string, change: () => void, ran: string[]]>([
    ['nothing has changed', () => {}, []],
    ['a source file has changed', () => write('src/main.ts', 'changed'), ['build']],
    ['a file of the page has changed', () => utimesSync(inProject('client/page/main.ts'), 0, 0), ['build']],
    ['a source file is new', () => write('src/echo/echo.ts', ''), ['build']],
    ['a source file is gone', () => rmSync(inProject('src/echo/echo.ts')), ['build']],
    ['the settings of the compiler have changed', () => write('tsconfig.build.json', { include: [] }), ['build']],
    ['the build is gone', () => rmSync(inProject('dist'), { recursive: true }), ['build']],
    ['the build of a package is gone', () => rmSync(inProject('client/console/dist'), { recursive: true }), ['build']],
    ['the installed packages are gone', () => rmSync(inProject('node_modules'), { recursive: true }), ['ci']],
    ['another version is pulled in', () => cpSync(inProject('next'), project, { recursive: true }), ['ci', 'build']],
  ])(
    'runs only the necessary steps when %s',
    (_, change, ran) => {
      ready();
      change();
      expect(ready()).toEqual({ status: 0, ran, stdout: '' });
      expect(ready().ran).toEqual([]);
    },
    timeout,
  );

  it(
    'fails when the build fails, and builds again on the next run',
    () => {
      ready();
      const build = readFileSync(inProject('build.js'), 'utf8');
      write('build.js', 'process.exit(2);');
      write('src/main.ts', 'changed once more');
      expect(ready()).toEqual({ status: 1, ran: ['build'], stdout: '' });
      write('build.js', build);
      expect(ready()).toEqual({ status: 0, ran: ['build'], stdout: '' });
    },
    timeout,
  );
});

describe.each(['start', 'test'])('npm %s', (command) => {
  it('runs that script first', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts[`pre${command}`]).toBe('node scripts/ready.mjs');
  });
});
