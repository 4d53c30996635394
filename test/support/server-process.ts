import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** How a process ended, and its whole output. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The built server in a process of its own. */
export interface ServerProcess {
  child: ChildProcess;
  /** Resolves with the addresses in its log, as soon as there are `count`. Fails if the process ends before. */
  listening(count?: number): Promise<string[]>;
  /** Resolves with the matches of a pattern in stdout, as soon as there are `count`. Fails if the process ends before. */
  says(pattern: RegExp, count?: number): Promise<RegExpExecArray[]>;
  /** Resolves when it has ended, and all processes that share its stdout and stderr. */
  exit: Promise<Exit>;
}

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const processes = new Set<ServerProcess>();

/**
 * Starts `dist/src/main.js`, as `npm test` has built it.
 *
 * @param environment its variables; none is inherited
 * @param runtime the program that runs it, with the arguments before the file
 * @param descriptors files and sockets that it inherits, as its file descriptors from 3 on
 */
export function startServerProcess(
  args: readonly string[],
  environment: Record<string, string> = {},
  cwd?: string,
  [program, ...options]: readonly [string, ...string[]] = [process.execPath],
  descriptors: readonly number[] = [],
): ServerProcess {
  const child = spawn(program, [...options, main, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    cwd,
  }) as ChildProcessByStdio<null, Readable, Readable>;
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = once(child, 'close').then((): Exit => ({
    code: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
  }));

  const server: ServerProcess = {
    child,
    exit,
    async says(pattern, count = 1) {
      for (;;) {
        const matches = [...stdout.matchAll(pattern)];
        if (matches.length >= count) {
          return matches;
        }
        const said = once(child.stdout, 'data');
        await Promise.race([said, exit.then(() => Promise.reject(new Error(`The server ended: ${stdout}${stderr}`)))]);
      }
    },
    async listening(count = 1) {
      const lines = await server.says(/Now listening on: (\S+)\n/g, count);
      return lines.map(([, address = '']) => address);
    },
  };
  processes.add(server);
  return server;
}

/** Ends every process that still runs; for `afterEach`. */
export async function endServerProcesses(): Promise<void> {
  for (const { child, exit } of processes) {
    child.kill('SIGKILL');
    await exit;
  }
  processes.clear();
}
