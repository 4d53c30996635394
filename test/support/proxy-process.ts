import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './folder.js';
import type { OptionalProgram } from './installed-program.js';

/** The command line and the files of a proxy. */
export interface ProxyStart {
  readonly program: OptionalProgram;
  /** Its files, by name, with their content. They are in a folder of their own. */
  readonly files: (folder: string) => Readonly<Record<string, string>>;
  readonly args: (folder: string) => readonly string[];
  /** The text on stderr when it listens. */
  readonly ready: string;
}

const running: (() => Promise<void>)[] = [];

/** Starts a proxy, and resolves when it listens. */
export async function startProxy({ program, files, args, ready }: ProxyStart): Promise<void> {
  const folder = makeFolder();
  for (const [name, content] of Object.entries(files(folder))) {
    await writeFile(join(folder, name), content);
  }
  const child = spawn(program.path ?? program.name, args(folder), { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  running.push(async () => {
    // SIGKILL would not end its worker.
    child.kill('SIGTERM');
    await exit;
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes(ready)) {
    await Promise.race([
      once(child.stderr, 'data'),
      exit.then(() => Promise.reject(new Error(`${program.name} ended: ${said}`))),
    ]);
  }
}

/** Ends every proxy; for `afterEach`. */
export async function endProxies(): Promise<void> {
  await Promise.all(running.splice(0).map((end) => end()));
}
