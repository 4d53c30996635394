import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { makeFolder } from './folder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const versions = z.record(z.string(), z.string());
const manifestShape = z.object({
  name: z.string(),
  version: z.string(),
  type: z.string(),
  license: z.string(),
  engines: z.object({ node: z.string() }),
  exports: z.record(z.string(), z.union([z.string(), z.object({ types: z.string(), default: z.string() })])),
  bin: versions.optional(),
  dependencies: versions.default({}),
  peerDependencies: versions.default({}),
});

/** A package of this repository, packed for npm. */
export interface PackedPackage {
  readonly manifest: z.infer<typeof manifestShape>;
  /** The packed files, relative to the package, with `/`. */
  readonly files: readonly string[];
  readonly tarball: string;
}

/**
 * Packs packages as `npm test` has built them. The script `prepack` does not run: it would build again while other tests
 * use the build. One call of npm packs all, because npm starts slowly.
 *
 * @param packageFolders relative to the repository
 */
export function packPackages<const Folders extends readonly string[]>(
  ...packageFolders: Folders
): { [Index in keyof Folders]: PackedPackage } {
  const destination = makeFolder();
  const paths = packageFolders.map((folder) => `./${folder}`).join(' ');
  const packed = z
    .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
    .parse(JSON.parse(npm(`pack ${paths} --json --ignore-scripts --pack-destination "${destination}"`, root)));
  return packed.map(({ files, filename }, index) => ({
    manifest: manifestShape.parse(JSON.parse(readFileSync(join(root, packageFolders[index], 'package.json'), 'utf8'))),
    files: files.map(({ path }) => path),
    tarball: join(destination, filename),
  })) as { [Index in keyof Folders]: PackedPackage };
}

/** The files that an entry of `exports` names, relative to the package. */
export function exportedFiles(target: string | Record<string, string>): string[] {
  return [target]
    .flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))
    .map((path) => path.slice(2));
}

/**
 * What `tsc` writes for the sources in a folder.
 *
 * @param sources the folder of the sources, relative to the repository
 * @param destination where the package has the output, relative to the package
 */
export function compiledFiles(sources: string, destination: string, extensions: readonly string[]): string[] {
  const folder = join(root, sources);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/').replace(/\.ts$/, ''))
    .flatMap((name) => extensions.map((extension) => `${destination}/${name}${extension}`));
}

/** The faults that @arethetypeswrong/cli finds in the types of a package; an empty string without any. */
export function typeFaults(tarball: string): string {
  const { status, stdout } = spawnSync(`npx --no -- attw "${tarball}" --profile esm-only --no-color --format ascii`, {
    cwd: root,
    shell: true,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout;
}

/** An empty project, in which packages are installed. */
export class Project {
  readonly folder = makeFolder();

  constructor(dependencies: Readonly<Record<string, string>> = {}) {
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  }

  /** The paths of all packages that its dependencies need, such as `node_modules/ws`, without an installation. */
  resolve(): string[] {
    npm('install --package-lock-only --prefer-offline --no-audit --no-fund', this.folder);
    return this.packagesOf('package-lock.json');
  }

  /** Installs packages. Returns the paths of all installed packages. */
  install(tarballs: readonly string[]): string[] {
    const quoted = tarballs.map((tarball) => `"${tarball}"`).join(' ');
    npm(`install --prefer-offline --no-audit --no-fund ${quoted}`, this.folder);
    return this.packagesOf('node_modules/.package-lock.json');
  }

  /** The size of installed packages in bytes, without the packages that are installed inside of them. */
  sizeOf(paths: readonly string[]): number {
    const sizes = paths.flatMap((path) =>
      readdirSync(join(this.folder, path), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((file) => !relative(join(this.folder, path), dirname(file)).split(sep).includes('node_modules'))
        .map((file) => lstatSync(file).size),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Extracts packages as npm would install them, without their dependencies. */
  extract(packages: readonly PackedPackage[]): void {
    mkdirSync(this.modules, { recursive: true });
    for (const { manifest, tarball } of packages) {
      execFileSync('tar', ['-xzf', tarball], { cwd: this.folder });
      renameSync(join(this.folder, 'package'), join(this.modules, manifest.name));
    }
  }

  /** Links these packages from the `node_modules` of the repository. */
  link(names: readonly string[]): void {
    for (const name of names) {
      const path = join(this.modules, name);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), path, 'junction');
    }
  }

  /** Runs the program that has the name of an installed package. Returns its stdout. */
  run({ name, bin = {} }: PackedPackage['manifest'], args: readonly string[]): string {
    return execFileSync(process.execPath, [join(this.modules, name, bin[name]), ...args], { encoding: 'utf8' });
  }

  private get modules(): string {
    return join(this.folder, 'node_modules');
  }

  private packagesOf(lockFile: string): string[] {
    const { packages } = z
      .object({ packages: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(join(this.folder, lockFile), 'utf8')));
    return Object.keys(packages).filter((path) => path !== '');
  }
}

/** `describe` for tests that install from npm's registry. If it does not answer they are skipped, and a line on stderr says so. */
export function describeWithRegistry(title: string, tests: () => void): void {
  const { status } = spawnSync('npm view ws version --prefer-online --fetch-retries=0 --fetch-timeout=10000', {
    shell: true,
    stdio: 'ignore',
  });
  if (status !== 0) {
    process.stderr.write(`Skipped: "${title}", because npm's registry does not answer.\n`);
  }
  (status === 0 ? describe : describe.skip)(title, tests);
}

/** Runs npm, which is a script on Windows. Returns its stdout. */
function npm(command: string, cwd: string): string {
  return execFileSync(`npm ${command} --loglevel=error`, { cwd, shell: true, encoding: 'utf8' });
}
