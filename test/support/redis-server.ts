import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { makeFolder } from './folder.js';
import { freePort } from './free-port.js';
import { findProgram } from './installed-program.js';

export const redisServerProgram = findProgram('redis-server', 'apt-get install -y redis-server');

const servers = new Set<RedisServer>();

/** A Redis server in a process of its own, without persistence. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {
    servers.add(this);
  }

  /**
   * Starts Redis, and waits until it accepts connections.
   *
   * @param port by default a free one
   * @param args further arguments, such as `--requirepass`
   */
  static async start(port?: number, args: readonly string[] = []): Promise<RedisServer> {
    const at = port ?? (await freePort());
    const child = spawn(
      redisServerProgram.path ?? 'redis-server',
      ['--port', String(at), '--bind', '127.0.0.1', '--dir', makeFolder(), '--save', '', '--appendonly', 'no', ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const server = new RedisServer(at, child);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`Redis ended: ${said}`)));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (!said.includes('Ready to accept connections')) {
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
    ended.catch(() => {});
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Stops it: connections stay open, and commands have no answer. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  /** Continues it after `freeze`. */
  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it, as a crash does. */
  async kill(): Promise<void> {
    servers.delete(this);
    const exit = once(this.child, 'exit');
    if (this.child.kill('SIGKILL')) {
      await exit;
    }
  }
}

/** Ends every Redis; for `afterEach`. */
export async function endRedisServers(): Promise<void> {
  await Promise.all(Array.from(servers, (server) => server.kill()));
}
