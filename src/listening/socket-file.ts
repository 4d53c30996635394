import { lstat, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { ListenAddress, PathAddress } from '../config/listen-address.js';

/** Whether listening creates a file that outlives the process. */
export function isSocketFile(address: ListenAddress): address is PathAddress {
  return 'path' in address && process.platform !== 'win32';
}

/** Removes the file of a Unix socket if no process listens on it. A process that was killed leaves such a file. */
export async function removeStaleSocketFile(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined);
  if (file?.isSocket() && (await isStale(path))) {
    await rm(path, { force: true });
  }
}

/** Whether no process listens on a Unix socket. If this process may not connect to it, it is not stale. */
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
      .once('connect', () => {
        socket.destroy();
        resolve(false);
      })
      .once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}

/**
 * Removes the file of a Unix socket when the process exits. Node.js removes the file when the server closes, but after a second
 * signal the process exits before that.
 *
 * @returns stops that: the file is not removed at the exit
 */
export function removeSocketFileAtExit(path: string): () => void {
  const remove = (): void => rmSync(path, { force: true });
  process.once('exit', remove);
  return () => process.off('exit', remove);
}
