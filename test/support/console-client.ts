import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { defineClient } from 'nest-ws-echo-client';
import type { Exit } from './server-process.js';

/** The program, as `npm test` has built it. */
export const program = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** The built console client in a process of its own, with pipes for its streams. */
export interface ClientProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when stdout or stderr contains a text. Fails if the process ends before. */
  said: (stream: 'stdout' | 'stderr', text: string) => Promise<void>;
  readonly exit: Promise<Exit>;
}

const clients = new Set<ClientProcess>();

/**
 * Starts `nest-ws-echo client` with these arguments. Its stdin stays open.
 *
 * @param environment its variables; none is inherited
 */
export function startClient(args: readonly string[], environment: Record<string, string> = {}): ClientProcess {
  const child = spawn(process.execPath, [program, 'client', ...args], { env: environment });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => (text[stream] += chunk));
  }
  // A client that ends early does not read the rest.
  child.stdin.on('error', () => {});
  const exit = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, ...text }));
  const client: ClientProcess = {
    child,
    exit,
    async said(stream, wanted) {
      while (!text[stream].includes(wanted)) {
        const ended = exit.then(() => {
          if (!text[stream].includes(wanted)) {
            throw new Error(`It ended: ${text.stdout}${text.stderr}`);
          }
        });
        await Promise.race([once(child[stream], 'data'), ended]);
      }
    },
  };
  clients.add(client);
  return client;
}

/** stdout or stderr of a client that runs in this process. */
class CollectingStream extends Writable {
  private readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

let isRunning = false;

/**
 * Runs the client to its end with `input` on stdin, and with these environment variables alone. It runs in this process,
 * which is much cheaper than one of its own. Tests of signals, pipes, `process.exit()` with open connections and warnings
 * of Node.js need `startClient`.
 */
export async function runClient(
  args: readonly string[],
  input: string | Uint8Array = '',
  environment: Record<string, string> = {},
): Promise<Exit> {
  if (isRunning) {
    throw new Error('A client runs in this process already: it has the only stdin.');
  }
  isRunning = true;
  const [stdin, stdout, stderr] = [new PassThrough(), new CollectingStream(), new CollectingStream()];
  stdin.end(input);
  let exit!: (code?: number) => void;
  const exited = new Promise<number | undefined>((resolve) => (exit = resolve));
  const restore = replaceInProcess({ stdin, stdout, stderr, exit, env: environment, exitCode: undefined });
  const listeners = signals.map((signal) => process.listeners(signal));
  try {
    const command = new Command('nest-ws-echo').exitOverride();
    defineClient(command.command('client'));
    await command.parseAsync(['client', ...args], { from: 'user' });
    const code = (await exited) ?? Number(process.exitCode);
    return { code, signal: null, stdout: stdout.text, stderr: stderr.text };
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    return { code: error.exitCode, signal: null, stdout: stdout.text, stderr: stderr.text };
  } finally {
    signals.forEach((signal, i) => {
      const added = process.listeners(signal).filter((listener) => !listeners[i].includes(listener));
      added.forEach((listener) => process.off(signal, listener));
    });
    restore();
    isRunning = false;
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Replaces properties of `process`. Returns a function that restores them. */
function replaceInProcess(properties: Readonly<Record<string, unknown>>): () => void {
  const own = Object.keys(properties).map((name) => [name, Object.getOwnPropertyDescriptor(process, name)] as const);
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(process, name, { value, writable: true, configurable: true, enumerable: true });
  }
  return () => {
    for (const [name, descriptor] of own) {
      Reflect.deleteProperty(process, name);
      if (descriptor !== undefined) {
        Object.defineProperty(process, name, descriptor);
      }
    }
  };
}

/** The events that --json printed. */
export function eventsOf({ stdout }: Pick<Exit, 'stdout'>): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Ends every client that still runs; for `afterEach`. */
export async function endClients(): Promise<void> {
  for (const { child, exit } of clients) {
    child.kill('SIGKILL');
    await exit;
  }
  clients.clear();
}
