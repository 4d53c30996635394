import { findProgram } from './installed-program.js';
import { startProxy } from './proxy-process.js';

export const haproxyProgram = findProgram('haproxy', 'apt-get install -y haproxy');

/**
 * Starts HAProxy.
 *
 * @param files files that the configuration includes, by name, with their content
 * @param configuration receives the folder of these files
 */
export async function startHaproxy(
  configuration: (folder: string) => string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  await startProxy({
    program: haproxyProgram,
    files: (folder) => ({ ...files, 'haproxy.cfg': configuration(folder) }),
    // With a master process, which reports when its worker listens.
    args: (folder) => ['-W', '-db', '-f', `${folder}/haproxy.cfg`],
    ready: 'Loading success',
  });
}
