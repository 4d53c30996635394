import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that tests use if it is installed. */
export interface OptionalProgram {
  readonly name: string;
  /** Its path; undefined if it is not installed. */
  readonly path: string | undefined;
  /** The command that installs it. */
  readonly installation: string;
}

/** Looks for a program in PATH, and in the folders of programs for administrators. */
export function findProgram(name: string, installation: string): OptionalProgram {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const path = folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate));
  return { name, path, installation };
}

/** `describe` for tests that need programs. Without them they are skipped, and a line on stderr says so. */
export function describeWith(programs: readonly OptionalProgram[], title: string, tests: () => void): void {
  const missing = programs.filter(({ path }) => path === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(' and ');
    const installations = missing.map(({ installation }) => installation).join(' and ');
    process.stderr.write(`Skipped: "${title}", because ${names} was not found. Install it with: ${installations}\n`);
  }
  (missing.length > 0 ? describe.skip : describe)(title, tests);
}
