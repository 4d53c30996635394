import type { ChildProcess } from 'node:child_process';
import { startNode, stopProcess } from './child-processes.js';
import { certificateFiles } from './certificate.js';
import type { Target } from './client/connection.js';
import type { Load } from './loads.js';
import { environmentFor, type Peer } from './peers.js';
import { Remote } from './remote-calls.js';
import type { ServerCalls } from './report-usage.js';

/** How long a server may take to listen, and to answer while it is busy, in ms. */
const TIMEOUT = 30_000;
const reportUsage = new URL('report-usage.js', import.meta.url).href;

/** A peer in a process of its own. */
export interface ServerProcess {
  readonly process: ChildProcess;
  readonly target: Target;
  readonly remote: Remote<ServerCalls>;
}

/** @throws where it ends, or does not listen in time; with what it has written */
export async function startServer(peer: Peer, load: Load): Promise<ServerProcess> {
  const certificate = peer.protocol === 'http' ? undefined : await certificateFiles();
  const environment = environmentFor(peer, load, certificate);
  const process = startNode(['--import', reportUsage, ...peer.program], environment, 'server');
  try {
    const { hostname, port } = new URL(await listeningUrl(process));
    const { path, protocol, takesEvents = false } = peer;
    const target = { host: hostname, port: Number(port), path, protocol, takesEvents };
    return { process, target, remote: new Remote(process, TIMEOUT) };
  } catch (error) {
    await stopProcess(process);
    throw error;
  }
}

function listeningUrl(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (fault: string) => reject(new Error(`${fault} It has written: ${output.trim() || 'nothing'}`));
    const timer = setTimeout(() => fail(`The server does not listen after ${TIMEOUT / 1000} s.`), TIMEOUT);
    server.once('error', reject);
    server.once('exit', () => {
      clearTimeout(timer);
      fail('The server has ended.');
    });
    // Read to the end of the process, so that no server ever waits to write a line.
    for (const stream of [server.stdout, server.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4000);
        const [, url] = /Now listening on: (\S+)/.exec(output) ?? [];
        if (url) {
          clearTimeout(timer);
          resolve(url);
        }
      });
    }
  });
}
