import { execSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The files that must be in step, as text, so that the last table of this file can put them out of step. */
const project = {
  Dockerfile: readFileSync(join(root, 'Dockerfile'), 'utf8'),
  '.dockerignore': readFileSync(join(root, '.dockerignore'), 'utf8'),
  'package.json': readFileSync(join(root, 'package.json'), 'utf8'),
  'scripts/ready.mjs': readFileSync(join(root, 'scripts/ready.mjs'), 'utf8'),
  '.nvmrc': readFileSync(join(root, '.nvmrc'), 'utf8'),
  '.github/workflows/ci.yml': readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8'),
};
type Project = typeof project;

interface Instruction {
  keyword: string;
  args: string;
}

interface Copy {
  /** The stage that it copies from; undefined is the build context. */
  from: string | undefined;
  sources: string[];
  destination: string;
}

/** The instructions of a Dockerfile: comments are dropped and continued lines joined, as Docker does it. */
function parseDockerfile(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => {
      const [, keyword = '', args = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
      return { keyword: keyword.toUpperCase(), args };
    });
}

class Stage {
  private readonly instructions: Instruction[] = [];

  constructor(
    readonly image: string,
    readonly name: string,
  ) {}

  static all(dockerfile: string): Stage[] {
    const stages: Stage[] = [];
    for (const instruction of parseDockerfile(dockerfile)) {
      if (instruction.keyword === 'FROM') {
        const [image = '', , name = `stage ${stages.length}`] = instruction.args.split(/\s+/);
        stages.push(new Stage(image, name));
      } else {
        stages.at(-1)?.instructions.push(instruction);
      }
    }
    return stages;
  }

  static named(name: string, dockerfile: string): Stage {
    return Stage.all(dockerfile).find((stage) => stage.name === name) ?? new Stage('', name);
  }

  static final(dockerfile: string): Stage {
    return Stage.all(dockerfile).at(-1) ?? new Stage('', '');
  }

  all(wanted: string): string[] {
    return this.instructions.filter(({ keyword }) => keyword === wanted).map(({ args }) => args);
  }

  /** The one instruction of its kind that counts, which is the last; '' when there is none. */
  last(wanted: string): string {
    return this.all(wanted).at(-1) ?? '';
  }

  get copies(): Copy[] {
    return this.all('COPY').map((args) => {
      const words = args.split(/\s+/);
      const paths = words.filter((word) => !word.startsWith('--')).map((path) => path.replace(/^\/app\//, ''));
      return {
        from: words.find((word) => word.startsWith('--from='))?.slice('--from='.length),
        sources: paths.slice(0, -1),
        destination: paths.at(-1) ?? '',
      };
    });
  }

  /** Where a file of this stage's working directory was copied from, or undefined when nothing put it there. */
  origin(path: string): { from: string | undefined; path: string } | undefined {
    for (const { from, sources, destination } of this.copies) {
      for (const source of sources) {
        const place = destination.endsWith('/') ? posix.join(destination, posix.basename(source)) : destination;
        const rest = posix.relative(place, path);
        if (!rest.startsWith('..')) return { from, path: posix.join(source, rest) };
      }
    }
    return undefined;
  }
}

/** The words of a command in exec form; a command in shell form has none. */
function execForm(args: string): string[] {
  try {
    const words: unknown = JSON.parse(args.slice(args.indexOf('[')));
    return Array.isArray(words) ? words.map(String) : [];
  } catch {
    return [];
  }
}

/** `key=value` and `key="a value"` pairs, as LABEL and ENV take them. */
function pairs(args: string): Record<string, string> {
  return Object.fromEntries(
    [...args.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(([, key, quoted, bare]) => [key, quoted ?? bare]),
  );
}

const wildcards: Record<string, string> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/** Whether .dockerignore keeps a path out of the build context: the last line that fits it or a parent decides. */
function isIgnored(path: string, dockerignore: string): boolean {
  const parts = path.split('/');
  const withParents = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  return linesOf(dockerignore).reduce((ignored, line) => {
    const pattern = line
      .replace(/^!/, '')
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll(/\*\*\/|\*\*|\*|\?/g, (wildcard) => wildcards[wildcard] ?? wildcard);
    const fits = withParents.some((candidate) => new RegExp(`^${pattern}$`).test(candidate));
    return fits ? !line.startsWith('!') : ignored;
  }, false);
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Everything that any stage takes from the build context. */
function contextPaths({ Dockerfile }: Project): string[] {
  return Stage.all(Dockerfile).flatMap(({ copies }) =>
    copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources),
  );
}

const manifest = z.object({
  name: z.string(),
  description: z.string(),
  version: z.string(),
  license: z.string(),
  engines: z.object({ node: z.string() }),
  scripts: z.record(z.string(), z.string()),
});

function manifestOf(files: Project): z.infer<typeof manifest> {
  return manifest.parse(JSON.parse(files['package.json']));
}

/** What a stage must have run to have made what is copied from it. */
const makers: Record<string, RegExp> = { node_modules: /^npm ci\b/, dist: /^npm run build$/ };

interface Rule {
  /** What is true of the image, behind "it". */
  title: string;
  /** Names what breaks the rule; nothing does when all is well. */
  brokenBy: (files: Project) => unknown[];
  /** Changes that must be noticed, each in one file: what is there, and what stands there instead. */
  mutations: [file: keyof Project, from: string, to: string][];
}

const rules: Rule[] = [
  {
    title: 'takes from the repository only what is there',
    brokenBy: (files) => contextPaths(files).filter((path) => !existsSync(join(root, path))),
    mutations: [
      ['Dockerfile', 'COPY src ./src', 'COPY source ./src'],
      ['Dockerfile', 'nest-cli.json ./', 'nest-cli.json \\\n  nest.json ./'],
    ],
  },
  {
    title: 'takes nothing that .dockerignore keeps out',
    brokenBy: (files) => contextPaths(files).filter((path) => isIgnored(path, files['.dockerignore'])),
    mutations: [
      ['.dockerignore', '!client\n', ''],
      ['.dockerignore', '!src\n', '!src\n**/src\n'],
      ['.dockerignore', '!package.json', '!package.json\npackage*.json'],
    ],
  },
  {
    title: 'lets nothing into the build context that no stage takes',
    brokenBy: (files) => {
      const [first, ...others] = linesOf(files['.dockerignore']);
      const taken = contextPaths(files).map((path) => `!${path}`);
      return [
        first === '*' ? [] : ['what the first line does not keep out'],
        others.filter((line) => !taken.includes(line)),
      ].flat();
    },
    mutations: [
      ['.dockerignore', '!src\n', '!src\n!.env\n'],
      ['.dockerignore', '*\n', 'node_modules\n'],
    ],
  },
  {
    title: 'takes from an earlier stage only what that stage makes',
    brokenBy: ({ Dockerfile }) =>
      Stage.final(Dockerfile)
        .copies.filter(({ from }) => from !== undefined)
        .filter(({ from, sources }) => {
          const commands = Stage.named(from ?? '', Dockerfile).all('RUN');
          return sources.some((source) => !commands.some((command) => makers[source]?.test(command)));
        }),
    mutations: [
      ['Dockerfile', '--from=build', '--from=dependencies'],
      ['Dockerfile', '--from=build', '--from=builder'],
      ['Dockerfile', '/app/dist ./dist', '/app/out ./dist'],
    ],
  },
  {
    title: 'is built from all that scripts/ready.mjs calls an input of the build',
    brokenBy: (files) => {
      const [, list = ''] = /buildInputs = \[(.*?)\]/s.exec(files['scripts/ready.mjs']) ?? [];
      const inputs = [...list.matchAll(/'(.*?)'/g)].map(([, path = '']) => path);
      const build = Stage.named('build', files.Dockerfile);
      return inputs.length === 0 ? ['no list of inputs found'] : inputs.filter((path) => !build.origin(path));
    },
    mutations: [
      ['Dockerfile', ' nest-cli.json ./', ' ./'],
      ['scripts/ready.mjs', "'src'", "'assets', 'src'"],
      ['scripts/ready.mjs', 'buildInputs = [', 'inputs = ['],
    ],
  },
  {
    title: 'is built with npm scripts that exist',
    brokenBy: (files) =>
      Stage.all(files.Dockerfile)
        .flatMap((stage) => stage.all('RUN'))
        .flatMap((command) => [...command.matchAll(/npm run (?:--\S+ )*(\S+)/g)].map(([, script = '']) => script))
        .filter((script) => !(script in manifestOf(files).scripts)),
    mutations: [['package.json', '"build":', '"compile":']],
  },
  {
    title: 'holds exactly what package-lock.json says, and no install script has run',
    brokenBy: ({ Dockerfile }) =>
      Stage.all(Dockerfile)
        .flatMap((stage) => stage.all('RUN'))
        .filter((command) => /npm (i|install|add)\b/.test(command) || /npm ci(?!.*--ignore-scripts)/.test(command)),
    mutations: [
      ['Dockerfile', 'RUN npm ci --omit=dev', 'RUN npm install --omit=dev'],
      ['Dockerfile', 'npm ci --omit=dev --ignore-scripts', 'npm ci --omit=dev'],
    ],
  },
  {
    title: 'holds production dependencies only',
    brokenBy: ({ Dockerfile }) => {
      const from = Stage.final(Dockerfile).origin('node_modules')?.from ?? '';
      const commands = Stage.named(from, Dockerfile).all('RUN');
      return commands.some((command) => command.startsWith('npm ci --omit=dev ')) ? [] : [from, commands];
    },
    mutations: [
      ['Dockerfile', '--omit=dev', ''],
      ['Dockerfile', '--from=dependencies', '--from=build'],
      ['Dockerfile', 'COPY --from=dependencies', '# COPY --from=dependencies'],
    ],
  },
  {
    title: 'starts what the build writes, as npm start does',
    brokenBy: (files) => {
      const final = Stage.final(files.Dockerfile);
      const command = execForm(final.last('CMD'));
      const origin = final.origin(command.at(-1) ?? '');
      const isBuilt = origin?.from === 'build' && existsSync(join(root, origin.path));
      return command.join(' ') === manifestOf(files).scripts.start && isBuilt ? [] : [final.last('CMD')];
    },
    mutations: [
      ['Dockerfile', 'src/main.js"]', 'main.js"]'],
      ['Dockerfile', 'CMD ["node", "dist', 'CMD node ["dist'],
      ['Dockerfile', './dist\n', './build\n'],
      ['package.json', '"start": "node', '"start": "nest'],
    ],
  },
  {
    title: 'checks its health with a file that it has, without a shell',
    brokenBy: ({ Dockerfile }) => {
      const final = Stage.final(Dockerfile);
      const [program, script = ''] = execForm(final.last('HEALTHCHECK'));
      const origin = final.origin(script);
      return program === 'node' && origin && existsSync(join(root, origin.path)) ? [] : [final.last('HEALTHCHECK')];
    },
    mutations: [
      ['Dockerfile', 'HEALTHCHECK', '# HEALTHCHECK'],
      ['Dockerfile', './scripts/', './'],
      ['Dockerfile', '["node", "scripts', '["curl", "scripts'],
    ],
  },
  {
    title: 'runs as a user who cannot change the code',
    brokenBy: ({ Dockerfile }) => {
      const final = Stage.final(Dockerfile);
      const user = final.last('USER');
      const changes = [...final.all('COPY'), ...final.all('RUN')].filter((args) => /chown|chmod/.test(args));
      return ['', 'root', '0'].includes(user.split(':')[0]) ? [`user "${user}"`, ...changes] : changes;
    },
    mutations: [
      ['Dockerfile', 'USER node', ''],
      ['Dockerfile', 'USER node', 'USER root'],
      ['Dockerfile', 'USER node', 'RUN chown -R node .\nUSER node'],
      ['Dockerfile', '--from=build', '--from=build --chown=node'],
    ],
  },
  {
    title: 'is stopped with the signal on which the server leaves politely',
    brokenBy: ({ Dockerfile }) =>
      Stage.final(Dockerfile)
        .all('STOPSIGNAL')
        .filter((signal) => signal !== 'SIGTERM'),
    mutations: [['Dockerfile', 'SIGTERM\n', 'SIGQUIT\n']],
  },
  {
    title: 'exposes the port on which it listens',
    brokenBy: ({ Dockerfile }) => {
      const final = Stage.final(Dockerfile);
      return final.last('EXPOSE') === pairs(final.last('ENV')).PORT ? [] : [final.last('EXPOSE')];
    },
    mutations: [
      ['Dockerfile', 'PORT=5000', 'PORT=8080'],
      ['Dockerfile', 'EXPOSE 5000', 'EXPOSE 8080'],
    ],
  },
  {
    title: 'has labels that say what package.json says',
    brokenBy: (files) => {
      const { name, description, version, license } = manifestOf(files);
      const labels = pairs(Stage.final(files.Dockerfile).last('LABEL'));
      return Object.entries({ title: name, description, version, licenses: license }).filter(
        ([label, value]) => labels[`org.opencontainers.image.${label}`] !== value,
      );
    },
    mutations: [
      ['package.json', '"version": "', '"version": "9'],
      ['package.json', '"license": "MIT"', '"license": "ISC"'],
      ['Dockerfile', 'image.title=', 'image.name='],
    ],
  },
  {
    title: 'is made of the Node.js that .nvmrc names',
    brokenBy: (files) =>
      Stage.all(files.Dockerfile)
        .map(({ image }) => image)
        .filter((image) => image !== `node:${files['.nvmrc'].trim()}-slim`),
    mutations: [
      ['.nvmrc', '24', '26'],
      ['Dockerfile', 'FROM node:24-slim AS build', 'FROM node:24 AS build'],
    ],
  },
  {
    title: 'has its Node.js tested by the workflow, as is the oldest that package.json promises',
    brokenBy: (files) => {
      const [, list = ''] = /node: \[(.*?)\]/.exec(files['.github/workflows/ci.yml']) ?? [];
      const tested = [...list.matchAll(/'(.*?)'/g)].map(([, version = '']) => version);
      const [, oldest = ''] = /^>=(\d+\.\d+\.\d+)$/.exec(manifestOf(files).engines.node) ?? [];
      return [oldest, files['.nvmrc'].trim()].filter((version) => !tested.includes(version));
    },
    mutations: [
      ['.github/workflows/ci.yml', "'24'", "'25'"],
      ['.github/workflows/ci.yml', "'20.19.0'", "'20.19'"],
      ['package.json', '>=20.19.0', '>=22.12.0'],
    ],
  },
];

describe('the image', () => {
  it.each(rules)('$title', ({ brokenBy }) => {
    expect(brokenBy(project)).toEqual([]);
  });
});

// A rule that cannot fail keeps nothing.
describe.each(rules)('that it $title', ({ brokenBy, mutations }) => {
  it.each(mutations)('would not be so if %s had not %j but %j', (file, from, to) => {
    expect(project[file]).toContain(from);
    expect(brokenBy({ ...project, [file]: project[file].replace(from, () => to) })).not.toEqual([]);
  });
});

// No engine is needed to see whether the files that the stages copy are enough: only node_modules is borrowed.
describe('the image, rehearsed in empty folders', () => {
  const final = Stage.final(project.Dockerfile);
  const settings = pairs(final.last('ENV'));
  const folders: Record<string, string> = {};
  let server: ChildProcess | undefined;

  /** Fills a stage's folder as its COPY lines say, and runs all that it runs except the installation. */
  function make(name: string, stage: Stage): void {
    const folder = mkdtempSync(join(tmpdir(), 'image-'));
    folders[name] = folder;
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    for (const { from, sources, destination } of stage.copies) {
      for (const source of sources.filter((path) => path !== 'node_modules')) {
        const place = destination.endsWith('/') ? posix.join(destination, posix.basename(source)) : destination;
        cpSync(join(from === undefined ? root : folders[from], source), join(folder, place), { recursive: true });
      }
    }
    for (const command of stage.all('RUN').filter((text) => !text.startsWith('npm ci'))) {
      execSync(command, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    }
  }

  function start(command: string, environment: Record<string, string>): ChildProcess {
    const [program = '', ...args] = execForm(command);
    return spawn(program === 'node' ? process.execPath : program, args, {
      cwd: folders.final,
      env: { ...settings, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  beforeAll(() => {
    make('build', Stage.named('build', project.Dockerfile));
    make('final', final);
  }, 120_000);

  afterAll(() => {
    server?.kill('SIGKILL');
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
  });

  it('serves, is healthy, and leaves with 0 when it is told to', async () => {
    server = start(final.last('CMD'), { PORT: '0' });
    let port = '';
    for await (const line of createInterface(server.stdout!)) {
      [, port = ''] = /listening on: http:\/\/0\.0\.0\.0:(\d+)/.exec(line) ?? [];
      if (port !== '') break;
    }

    const check = () => once(start(final.last('HEALTHCHECK'), { PORT: port }), 'exit');
    expect(await check()).toEqual([0, null]);

    server.kill(final.last('STOPSIGNAL') as NodeJS.Signals);
    expect(await once(server, 'exit')).toEqual([0, null]);
  }, 60_000);
});
