import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** What a core is for. The server and the load never share one, where there are two. */
export type Core = 'server' | 'load';

const cores = allowedCores();

/** Whether server and load run on cores of their own. */
export const isPinned = cores.length > 1;

/** What `core` means here; for people. */
export const pinning = isPinned
  ? `server on core ${cores.at(0)}, load on core ${cores.at(-1)}`
  : `not pinned to cores (${availableParallelism() > 1 ? 'taskset is not available' : 'there is only one'})`;

/** What to put before a command. The first and the last core are rarely two halves of one. */
export function pinnedTo(core: Core): string[] {
  return isPinned ? ['taskset', '--cpu-list', String(cores.at(core === 'server' ? 0 : -1))] : [];
}

/** The cores that this process may use, where they can be chosen: on Linux with `taskset`. */
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
