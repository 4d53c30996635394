import { execSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './support/folder.js';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Instruction {
  readonly keyword: string;
  readonly args: string;
}

/** The instructions of each stage, without comments and with continued lines joined, as Docker reads them. */
function stagesOf(dockerfile: string): Instruction[][] {
  const instructions = dockerfile
    .replaceAll(/^\s*(#.*)?\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => /^(\w+)\s+(.*)$/.exec(line) ?? ['', '', ''])
    .map(([, keyword, args]) => ({ keyword, args }));
  const starts = instructions.flatMap(({ keyword }, i) => (keyword === 'FROM' ? [i] : []));
  return starts.map((start, i) => instructions.slice(start, starts[i + 1]));
}

const all = (stage: readonly Instruction[], wanted: string): string[] =>
  stage.filter(({ keyword }) => keyword === wanted).map(({ args }) => args);

/** The effective instruction of its kind: the last. */
const last = (stage: readonly Instruction[], wanted: string): string => all(stage, wanted).at(-1) ?? '';

/** The words of a command in exec form, the only form that makes the program process 1. */
const execForm = (args: string): string[] => JSON.parse(args.slice(args.indexOf('['))) as string[];

// Needs no Docker engine: it shows that the files which the stages copy are enough. Only node_modules is borrowed.
describe('The image, rehearsed in empty folders,', () => {
  const [build, , final] = stagesOf(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  const settings = Object.fromEntries(
    last(final, 'ENV')
      .split(/\s+/)
      .map((pair) => pair.split('=')),
  );
  const folders: Record<string, string> = {};
  let server: ChildProcess | undefined;

  /** Fills the folder of a stage according to COPY, and runs its commands except the installation. */
  function make(name: string, stage: readonly Instruction[]): void {
    const folder = makeFolder();
    folders[name] = folder;
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    for (const args of all(stage, 'COPY')) {
      const [, from] = /--from=(\w+)/.exec(args) ?? [];
      const paths = args.split(/\s+/).filter((word) => !word.startsWith('--'));
      const destination = paths.pop() ?? '';
      for (const source of paths
        .map((path) => path.replace(/^\/app\//, ''))
        .filter((path) => path !== 'node_modules')) {
        const place = destination.endsWith('/') ? posix.join(destination, posix.basename(source)) : destination;
        cpSync(join(from === undefined ? root : folders[from], source), join(folder, place), { recursive: true });
      }
    }
    for (const command of all(stage, 'RUN').filter((text) => !text.startsWith('npm ci'))) {
      execSync(command, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    }
  }

  function start(command: string, environment: Record<string, string>): ChildProcess {
    const [program = '', ...args] = execForm(command);
    return spawn(program === 'node' ? process.execPath : program, args, {
      cwd: folders.final,
      env: { ...settings, HOME: folders.final, TMPDIR: folders.final, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  /** What the folder of the image has, without node_modules, which is a link here. */
  function filesOfImage(): string[] {
    const entries = readdirSync(folders.final, { recursive: true, withFileTypes: true });
    return entries.map(({ parentPath, name }) => join(parentPath, name));
  }

  beforeAll(() => {
    make('build', build);
    make('final', final);
  }, 120_000);

  afterAll(() => {
    server?.kill('SIGKILL');
  });

  it('serves, is healthy, exits with 0 when it is stopped, and writes no file', async () => {
    const before = filesOfImage();
    server = start(last(final, 'CMD'), { PORT: '0' });
    let port = '';
    for await (const line of createInterface(server.stdout!)) {
      [, port = ''] = /listening on: http:\/\/0\.0\.0\.0:(\d+)/.exec(line) ?? [];
      if (port !== '') {
        break;
      }
    }

    const check = (): Promise<unknown> => once(start(last(final, 'HEALTHCHECK'), { PORT: port }), 'exit');
    expect(await check()).toEqual([0, null]);

    server.kill(last(final, 'STOPSIGNAL') as NodeJS.Signals);
    expect(await once(server, 'exit')).toEqual([0, null]);
    expect(filesOfImage()).toEqual(before);
  }, 60_000);
});
