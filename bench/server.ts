import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Target, Transport } from './load/connection.js';
import type { Load } from './loads.js';
import { peerEnvironment, type Command } from './peers.js';

/** What a process has used so far. */
export interface Usage {
  /** ms of a monotonic clock. */
  readonly time: number;
  /** CPU time of all threads, user and system, in ms. */
  readonly cpu: number;
  /** Resident memory now and at its highest, in bytes. */
  readonly memory: number;
  readonly peakMemory: number;
}

/** Figures of other runtimes than Node.js come from here, so they are measured on Linux only. */
export const hasProc = existsSync('/proc/self/stat');

const TIMEOUT = 30_000;
const reportUsage = new URL('peers/report-usage.js', import.meta.url).href;
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A peer in a process of its own, on the first core. */
export class Server {
  private constructor(
    private readonly child: ChildProcess,
    private readonly isNode: boolean,
    readonly target: Target,
  ) {}

  /**
   * Resolves when it listens.
   *
   * @throws if it ends or does not listen in time, with its output
   */
  static async start(command: Command, load: Load, transport: Transport, path: string): Promise<Server> {
    const isNode = command.file === process.execPath;
    const nodeOptions = isNode ? ['--expose-gc', '--import', reportUsage] : [];
    const [file, ...rest] = [...pinnedTo(cores.at(0)), command.file, ...nodeOptions, ...command.args];
    const child = spawn(file, rest, {
      env: { ...(await peerEnvironment(load, transport)), ...command.environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(isNode ? ['ipc' as const] : [])],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    try {
      const { hostname, port } = new URL(await listeningUrl(child));
      return new Server(child, isNode, { host: hostname, port: Number(port), path, transport });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async usage(): Promise<Usage> {
    return hasProc ? usageFromProc(this.child.pid!) : await this.ask(false);
  }

  /** Collects garbage if the peer runs on Node.js. */
  async collectGarbage(): Promise<void> {
    if (this.isNode) {
      await this.ask(true);
    }
  }

  async stop(): Promise<void> {
    if (running.has(this.child)) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exit;
    }
  }

  private async ask(isCollecting: boolean): Promise<Usage> {
    const answer = once(this.child, 'message', { signal: AbortSignal.timeout(TIMEOUT) });
    this.child.send(isCollecting);
    return ((await answer) as [Usage])[0];
  }
}

/** The kernel counts CPU time in ticks of 10 ms here (USER_HZ). */
function usageFromProc(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in parentheses, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return {
    time: performance.now(),
    cpu: (Number(fields[11]) + Number(fields[12])) * 10,
    memory: kibibytes('VmRSS') * 1024,
    peakMemory: kibibytes('VmHWM') * 1024,
  };
}

function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (fault: string) => reject(new Error(`${fault} Its output: ${output.trim() || 'none'}`));
    const timer = setTimeout(() => fail(`The server does not listen after ${TIMEOUT / 1000} s.`), TIMEOUT);
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer);
      fail('The server has ended.');
    });
    // Read until the process ends, so that a server never blocks on its output.
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4000);
        const url = /Now listening on: (\S+)/.exec(output)?.[1];
        if (url) {
          clearTimeout(timer);
          resolve(url);
        }
      });
    }
  });
}

/** The cores that this process may use. Empty without `taskset`, which is part of Linux only. */
const cores = allowedCores();

/**
 * Pins this process, which is the load, to the last core. The first and the last core are rarely two halves of one.
 *
 * @returns a description of the pinning
 */
export function pinLoad(): string {
  if (cores.length < 2) {
    return 'server and load are not pinned to cores';
  }
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(cores.at(-1)), String(process.pid)]);
  return `server on core ${cores.at(0)}, load on core ${cores.at(-1)}`;
}

function pinnedTo(core: number | undefined): string[] {
  return cores.length < 2 ? [] : ['taskset', '--cpu-list', String(core)];
}

function allowedCores(): number[] {
  const { status, stdout } = spawnSync('taskset', ['--cpu-list', '--pid', String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) {
    return [];
  }
  // "pid 42's current affinity list: 0-3,8"
  const list = stdout.slice(stdout.lastIndexOf(':') + 1).trim();
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
