import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pinnedTo, type Core } from './pinning.js';

const running = new Set<ChildProcess>();

// However this process ends, its children end first. Should it be killed, they notice that their channel is closed.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => process.exit(code));
}

/**
 * Starts Node.js on a core, with a channel for calls.
 *
 * @param nodeArguments the program and its arguments, options of Node.js before them
 */
export function startNode(
  nodeArguments: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  core: Core,
): ChildProcess {
  const [command, ...rest] = [...pinnedTo(core), process.execPath, ...nodeArguments];
  const child = spawn(command, rest, { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a child process at once. Resolves when it has ended. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (running.has(child)) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}
