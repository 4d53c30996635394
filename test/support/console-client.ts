import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Exit } from './server-process.js';

/** The built program, which `npm test` builds before. */
export const program = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** The built console client in a process of its own, with pipes for its streams. */
export interface ClientProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when stdout or stderr has said it. Fails if the process ends before. */
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
  // A client that ends early does not read what is left.
  child.stdin.on('error', () => {});
  const exit = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, ...text }));
  const client: ClientProcess = {
    child,
    exit,
    async said(stream, wanted) {
      while (!text[stream].includes(wanted)) {
        const ended = exit.then(() => {
          if (!text[stream].includes(wanted)) throw new Error(`It ended: ${text.stdout}${text.stderr}`);
        });
        await Promise.race([once(child[stream], 'data'), ended]);
      }
    },
  };
  clients.add(client);
  return client;
}

/** Runs the client with this for its stdin, to its end. */
export function runClient(
  args: readonly string[],
  input: string | Uint8Array = '',
  environment: Record<string, string> = {},
): Promise<Exit> {
  const client = startClient(args, environment);
  client.child.stdin.end(input);
  return client.exit;
}

/** What --json printed. */
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
