import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Target, Transport } from './load/connection.js';
import type { Load } from './loads.js';
import { peerEnvironment, type Command } from './peers.js';

/** What a process has used so far. */
export interface Usage {
  /** CPU time of all threads, user and system, in ms. */
  readonly cpu: number;
  /** Resident memory now and at its highest, in bytes. */
  readonly memory: number;
  readonly peakMemory: number;
}

const TIMEOUT = 30_000;
/** Loaded into each Node.js server, so that it collects garbage on request. The server itself is not changed. */
const COLLECTOR = 'data:text/javascript,process.on("message",()=>{gc();process.send("done")}).channel.unref()';
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
    const nodeOptions = isNode ? ['--expose-gc', '--import', COLLECTOR] : [];
    const [file, ...args] = [...pinning, command.file, ...nodeOptions, ...command.args];
    const child = spawn(file, args, {
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

  usage(): Usage {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    // The kernel counts CPU time in ticks of 10 ms here (USER_HZ).
    return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, memory: bytes('VmRSS'), peakMemory: bytes('VmHWM') };
  }

  /** Collects garbage if the peer runs on Node.js. */
  async collectGarbage(): Promise<void> {
    if (this.isNode) {
      const answer = once(this.child, 'message', { signal: AbortSignal.timeout(TIMEOUT) });
      this.child.send('collect');
      await answer;
    }
  }

  async stop(): Promise<void> {
    if (running.has(this.child)) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exit;
    }
  }
}

function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (fault: string): void => reject(new Error(`${fault} Its output: ${output.trim() || 'none'}`));
    setTimeout(() => fail(`The server does not listen after ${TIMEOUT / 1000} s.`), TIMEOUT).unref();
    child.once('error', reject);
    child.once('exit', () => fail('The server has ended.'));
    // The output is read until the process ends, so that a server never blocks on it.
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4000);
        const url = /Now listening on: (\S+)/.exec(output)?.[1];
        if (url) {
          resolve(url);
        }
      });
    }
  });
}

/** The cores that this process may use: "0-3,8". */
const [, coreList] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
/** The first and the last core are rarely two halves of one. */
const [firstCore, lastCore] = [/^\d+/, /\d+$/].map((pattern) => pattern.exec(coreList ?? '')?.[0]);
const isPinned = firstCore !== lastCore && spawnSync('taskset', ['--version']).status === 0;
const pinning = isPinned ? ['taskset', '--cpu-list', firstCore!] : [];

/** Pins this process, which is the load, to the last core. @returns a description of the pinning */
export function pinLoad(): string {
  if (!isPinned) {
    return 'server and load are not pinned to cores';
  }
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', lastCore!, String(process.pid)]);
  return `server on core ${firstCore}, load on core ${lastCore}`;
}
