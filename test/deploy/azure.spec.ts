import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../support/folder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'deploy', 'azure');

/** The result of a script. */
interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The arguments of each call of az; ['ready'] for a build. */
  readonly calls: readonly string[][];
}

/** Code that adds a line to the log of calls. It runs as CommonJS and as an ES module. */
const noteCall = (call: string): string =>
  `process.getBuiltinModule('node:fs').appendFileSync(process.env.AZ_LOG, JSON.stringify(${call}) + '\\n');`;

describe('The script', () => {
  let project: string;
  let bin: string;
  let log: string;

  // A sample project, whose build only records its call. The build of the repository is not touched.
  beforeAll(async () => {
    project = makeFolder();
    await cp(folder, join(project, 'deploy', 'azure'), { recursive: true });
    await mkdir(join(project, 'scripts'));
    await writeFile(join(project, 'scripts', 'ready.mjs'), noteCall("['ready']"));
  });

  beforeEach(async () => {
    bin = makeFolder();
    log = join(bin, 'calls');
    const az = `#!${process.execPath}\n${noteCall('process.argv.slice(2)')} process.exit(Number(process.env.AZ_STATUS));`;
    await writeFile(join(bin, 'az'), az);
    await chmod(join(bin, 'az'), 0o755);
  });

  const withAz = (): string => [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);

  /** Runs a script from another folder, with an az that records its arguments and exits with `azStatus`. */
  async function run(script: string, args: readonly string[], azStatus = 0, PATH = withAz()): Promise<Run> {
    const env = { PATH, HOME: bin, AZ_LOG: log, AZ_STATUS: String(azStatus) };
    const result = await new Promise<Omit<Run, 'calls'>>((resolve) => {
      const child = execFile(
        join(project, 'deploy', 'azure', script),
        args,
        { cwd: bin, env },
        (_error, stdout, stderr) => {
          resolve({ status: child.exitCode, stdout, stderr });
        },
      );
    });
    const lines = existsSync(log) ? (await readFile(log, 'utf8')).trim().split('\n') : [];
    return { ...result, calls: lines.map((line) => JSON.parse(line) as string[]) };
  }

  const given = ['my-echo', 'my_(group).1', 'my subscription'];
  const app = ['--name', 'my-echo', '--resource-group', 'my_(group).1', '--subscription', 'my subscription'];

  it.each<[string, string[], string[][]]>([
    [
      'windows-plan.sh',
      given,
      [
        ['ready'],
        ['webapp', 'up', '--sku', 'B1', ...app, '--os-type', 'Windows'],
        ['webapp', 'config', 'set', ...app, '--web-sockets-enabled', 'true'],
      ],
    ],
    [
      'linux-plan.sh',
      given,
      [
        ['webapp', 'up', '--sku', 'B1', ...app, '--os-type', 'Linux'],
        ['webapp', 'config', 'set', ...app, '--startup-file', 'node dist/src/main.js'],
      ],
    ],
    [
      'linux-plan.sh',
      [...given, '--location', 'west europe', '--dryrun'],
      [
        ['webapp', 'up', '--sku', 'B1', ...app, '--os-type', 'Linux', '--location', 'west europe', '--dryrun'],
        ['webapp', 'config', 'set', ...app, '--startup-file', 'node dist/src/main.js'],
      ],
    ],
    ['clean-up.sh', ['group', 'sub'], [['group', 'delete', '--name', 'group', '--subscription', 'sub']]],
    [
      'clean-up.sh',
      ['group', 'sub', '--yes'],
      [['group', 'delete', '--name', 'group', '--subscription', 'sub', '--yes']],
    ],
  ])('%s %j calls az as the article describes', async (script, args, calls) => {
    expect(await run(script, args)).toMatchObject({ status: 0, calls });
  });

  const scripts = ['windows-plan.sh', 'linux-plan.sh', 'clean-up.sh'];

  it.each(scripts)('%s shows its usage with --help', async (script) => {
    const { status, stdout, calls } = await run(script, ['--help']);

    expect([status, calls]).toEqual([0, []]);
    expect(stdout).toContain(`Usage: deploy/azure/${script} <`);
  });

  it.each<[string, string[], string]>([
    ...scripts.map((script): [string, string[], string] => [script, [], '0 of ']),
    ['linux-plan.sh', ['my-echo', 'group'], 'linux-plan.sh: 2 of 3 arguments were given'],
    ['windows-plan.sh', ['my-echo', 'group'], 'windows-plan.sh: 2 of 3 arguments were given'],
    ['clean-up.sh', ['group'], 'clean-up.sh: 1 of 2 arguments were given'],
    ['linux-plan.sh', ['my_echo', 'group', 'sub'], 'the app name is "my_echo"; accepted: 2 to 60 letters'],
    ['windows-plan.sh', ['-echo', 'group', 'sub'], 'the app name is "-echo"; accepted: '],
    ['windows-plan.sh', ['e'.repeat(61), 'group', 'sub'], 'the app name is "eee'],
    ['linux-plan.sh', ['my-echo', 'my group', 'sub'], 'the resource group is "my group"; accepted: letters'],
    ['clean-up.sh', ['--yes', 'sub'], 'the resource group is "--yes"; accepted: '],
    ['clean-up.sh', ['', 'sub'], 'the resource group is ""; accepted: '],
    ['clean-up.sh', ['group', '--yes'], 'the subscription is "--yes"; accepted: '],
    ['linux-plan.sh', ['my-echo', 'group', ''], 'the subscription is ""; accepted: '],
  ])('%s %j reports the fault, and calls nothing', async (script, args, problem) => {
    const { status, stderr, calls } = await run(script, args);

    expect([status, calls]).toEqual([2, []]);
    expect(stderr).toContain(problem);
  });

  it.each(['windows-plan.sh', 'linux-plan.sh'])('%s stops when az fails, with its status', async (script) => {
    const { status, calls } = await run(script, given, 3);

    expect([status, calls.filter(([command]) => command === 'webapp')]).toMatchObject([3, { length: 1 }]);
  });

  it.each(scripts)('%s reports that az is not installed', async (script) => {
    // Only the programs that the scripts need before: this machine may have az.
    await rm(join(bin, 'az'));
    for (const program of ['bash', 'basename', 'dirname']) {
      await symlink(placeOf(program), join(bin, program));
    }

    const { status, stderr } = await run(script, given, 0, bin);

    expect(status).toBe(1);
    expect(stderr).toBe(`${script}: az is not installed; see https://aka.ms/azure-cli\n`);
  });
});

/** The path at which the shell finds a program. */
function placeOf(program: string): string {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((path) => join(path, program));
  return places.find((place) => existsSync(place)) ?? program;
}

describe('IIS', () => {
  const configuration = readFileSync(join(root, 'web.config'), 'utf8').replaceAll(/<!--.*?-->/gs, '');

  it('leaves the upgrade to Node.js', () => {
    expect(configuration).toContain('<webSocket enabled="false" />');
  });

  it('passes every path to the file that starts the server', () => {
    const [, handler = ''] =
      /<add name="iisnode" path="([^"]+)" verb="\*" modules="iisnode" \/>/.exec(configuration) ?? [];
    expect(existsSync(join(root, handler))).toBe(true);

    expect(configuration).toMatch(/<match url="\.\*" \/>/);
    expect(configuration).toContain(`<action type="Rewrite" url="${handler}" />`);
  });

  it('can require() that file, which listens at PORT', async () => {
    // As the interceptor of iisnode does.
    const interceptor = `require(${JSON.stringify(join(folder, 'iisnode.cjs'))})`;
    const child = execFile(process.execPath, ['--eval', interceptor], { env: { PORT: '0' } });
    const ended = once(child, 'close');
    try {
      let said = '';
      for await (const text of child.stdout ?? []) {
        said += String(text);
        if (said.includes('Now listening on: ')) {
          break;
        }
      }
      expect(said).toMatch(/Now listening on: http:\/\/0\.0\.0\.0:[1-9]/);
    } finally {
      child.kill();
      await ended;
    }
  });
});

describe('shellcheck', () => {
  const isInstalled = spawnSync('shellcheck', ['--version']).status === 0;
  if (!isInstalled) {
    process.stderr.write(
      'Skipped: "shellcheck", because it was not found. Install it: apt-get install -y shellcheck\n',
    );
  }

  (isInstalled ? it : it.skip)('has nothing to say about the scripts', () => {
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.sh'));
    const paths = scripts.map((name) => join('deploy', 'azure', name));
    const { status, stdout } = spawnSync('shellcheck', ['--external-sources', ...paths], {
      cwd: root,
      encoding: 'utf8',
    });

    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
