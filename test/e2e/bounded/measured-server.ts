import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { RawClient } from '../../support/raw-client.js';

/** The resident memory of a process, in bytes. */
export interface MemoryReport {
  readonly now: number;
  /** The maximum since its start. */
  readonly most: number;
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The servers to measure, as `npm test` has built them. */
const programs = {
  echo: path('../../../dist/src/main.js'),
  collecting: path('./collecting-server.mjs'),
};

/** A server in its own process, whose memory can be measured. */
export class MeasuredServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** @param environment the variables of the process; it inherits none */
  static async start(
    program: keyof typeof programs,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<MeasuredServer> {
    const child = fork(programs[program], [], {
      env: { URLS: 'http://127.0.0.1:0', ...environment },
      execArgv: ['--expose-gc', '--import', new URL('./memory-probe.mjs', import.meta.url).href],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit');
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    for (;;) {
      const port = /Now listening on: http:\/\/[^:]+:(\d+)/.exec(said)?.[1];
      if (port !== undefined) {
        return new MeasuredServer(child, Number(port));
      }
      const news = once(child.stdout as Readable, 'data');
      await Promise.race([news, ended.then(() => Promise.reject(new Error(`The server ended: ${said}`)))]);
    }
  }

  /** Opens a WebSocket. */
  open(): Promise<RawClient> {
    return RawClient.open(this.port, '/ws');
  }

  async memory(): Promise<MemoryReport> {
    this.child.send('memory');
    const [report] = (await once(this.child, 'message')) as [MemoryReport];
    return report;
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}
