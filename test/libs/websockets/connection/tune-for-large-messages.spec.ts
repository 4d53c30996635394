import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import { endServerProcesses, startServerProcess } from '../../../support/server-process.js';

const MESSAGE = Buffer.alloc(1024 * 1024);
const CLIENTS = 4;
const TIMES = 20;

const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
const hasGlibc = report.header?.glibcVersionRuntime !== undefined;
if (!hasGlibc) {
  process.stderr.write(
    'Skipped: "reuses the memory of earlier reads", which needs Linux with the GNU C library (such as Debian).\n',
  );
}

/** The number of page faults of a process. */
async function pageFaults(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  // The second field is the program's name in brackets, the tenth is the number of minor faults.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[7]);
}

/** Waits for the echoes of each client's messages, several times. */
async function exchange(clients: readonly WebSocket[], times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const answers = clients.map((client) => once(client, 'message'));
    clients.forEach((client) => client.send(MESSAGE));
    await Promise.all(answers);
  }
}

describe('The tuning for large messages', () => {
  afterEach(endServerProcesses);

  (hasGlibc ? it : it.skip)('reuses the memory of earlier reads', async () => {
    const server = startServerProcess([], { PORT: '0', LOG_LEVEL: 'log' });
    const [url] = await server.listening();
    const clients = Array.from({ length: CLIENTS }, () => new WebSocket(`${url.replace('http', 'ws')}/ws`));
    await Promise.all(clients.map((client) => once(client, 'open')));
    await exchange(clients, TIMES);
    const before = await pageFaults(server.child.pid as number);
    await exchange(clients, TIMES);
    const faults = (await pageFaults(server.child.pid as number)) - before;
    // A message fills 256 pages.
    expect(faults / (CLIENTS * TIMES)).toBeLessThan(25);
    clients.forEach((client) => client.terminate());
  });
});
