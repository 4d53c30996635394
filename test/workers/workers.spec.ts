import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { ChatClient, endChatClients } from '../support/chat-client.js';
import { echoOf } from '../support/echo-of.js';
import { makeFolder } from '../support/folder.js';
import { scrape } from '../support/scrape.js';
import { endServerProcesses, startServerProcess, type ServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

const URLS = 'http://127.0.0.1:0';

/** A server with workers that all take connections. */
interface RunningServer {
  readonly server: ServerProcess;
  readonly url: string;
  /** The process ids of its workers. */
  readonly workers: number[];
}

const STARTED = /Worker \d \(process (\d+)\) takes connections\./g;

async function start(environment: Record<string, string> = {}, urls = URLS): Promise<RunningServer> {
  const server = startServerProcess(['--urls', urls], { WORKERS: '2', ...environment });
  const started = await server.says(STARTED, 2);
  const [url = ''] = await server.listening();
  return { server, url, workers: started.map(([, pid]) => Number(pid)) };
}

/** Opens a WebSocket. Resolves with it, or with the status that refuses it. */
function open(url: string): Promise<WebSocket | number | undefined> {
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  return new Promise((resolve) => {
    webSocket.once('open', () => resolve(webSocket));
    webSocket.once('unexpected-response', (sent, { statusCode }) => {
      sent.destroy();
      resolve(statusCode);
    });
    webSocket.on('error', () => {});
  });
}

async function openMany(url: string, count: number): Promise<{ open: WebSocket[]; statuses: unknown[] }> {
  const results = await Promise.all(Array.from({ length: count }, () => open(url)));
  return {
    open: results.filter((result) => result instanceof WebSocket),
    statuses: results.filter((result) => !(result instanceof WebSocket)),
  };
}

const closeCode = (webSocket: WebSocket): Promise<unknown> =>
  once(webSocket, 'close').then(([code]) => code as unknown);

/** Joins a room until its members are connected to two workers: the first one to one of them, the last one to the other. */
async function joinOnBothWorkers(url: string): Promise<ChatClient[]> {
  const members: ChatClient[] = [];
  // The ids of one process have one prefix.
  const workers = (): Set<string> => new Set(members.map(({ id }) => String(id).split('-')[0]));
  do {
    members.push(await ChatClient.join(`${url}/background/room`));
  } while (workers().size < 2);
  return members;
}

// Each starts three processes or more.
jest.setTimeout(120_000);

describe('A server with WORKERS=2', () => {
  afterEach(endChatClients);
  afterEach(endServerProcesses);

  it('ends at once when a signal comes again, and leaves neither a worker nor the file of a Unix socket', async () => {
    const path = join(makeFolder(), 'server.sock');
    const { server, url } = await start({ DRAIN_DELAY: '1h' }, `${URLS};http://unix:${path}`);
    await openMany(url, 4);
    const [response] = (await once(request({ socketPath: path, path: '/ws' }).end(), 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(400);

    server.child.kill('SIGTERM');
    const impatience = setInterval(() => server.child.kill('SIGTERM'), 100);

    // Resolves when all processes that have its stdout have ended: the workers, too.
    await expect(server.exit).resolves.toMatchObject({ code: 143 });
    clearInterval(impatience);
    expect(existsSync(path)).toBe(false);
  });

  it('leaves no worker behind when the primary is killed', async () => {
    const { server } = await start();

    server.child.kill('SIGKILL');

    // Resolves when all processes that have its stdout have ended: the workers, too.
    await expect(server.exit).resolves.toMatchObject({ signal: 'SIGKILL' });
  });

  it('has MAX_CONNECTIONS for all workers, replaces one that dies, and closes the clients of all with 1001 on SIGTERM', async () => {
    const { server, url, workers } = await start({ MAX_CONNECTIONS: '20' });
    const members = await joinOnBothWorkers(url);
    const { open: clients, statuses: refusals } = await openMany(url, 40);
    expect(members.length + clients.length).toBe(20);
    expect(new Set(refusals)).toEqual(new Set([503]));
    const codes = [...clients.map(closeCode), ...members.map(async (member) => (await member.closed()).code)];

    process.kill(workers[0], 'SIGKILL');
    const [[, who, how]] = await server.says(/WARN \[Workers\] (Worker \d \(process \d+\)) ended with (.+)\n/g);
    const started = await server.says(STARTED, 3);

    expect(who).toBe(`Worker 1 (process ${workers[0]})`);
    expect(how).toBe('SIGKILL. Another one starts in 100 ms.');
    expect(workers).not.toContain(Number(started[2]?.[1]));
    const kept = (await scrape(url))['websocket_connections'];
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(20);
    // The places of the lost connections are free, and no others.
    const { open: further, statuses } = await openMany(url, 20);
    expect(further).toHaveLength(20 - kept);
    expect(new Set(statuses)).toEqual(new Set([503]));

    // As supervisors do that end a group of processes.
    server.child.kill('SIGTERM');
    started.slice(1).forEach(([, pid]) => process.kill(Number(pid), 'SIGTERM'));
    const ends = await Promise.all(codes);
    expect(ends.filter((code) => code === 1001)).toHaveLength(kept);
    await expect(server.exit).resolves.toMatchObject({ code: 0, stderr: '' });
  });

  it('says once why it cannot listen, and ends with exit code 1', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };

    const { code, stderr } = await startServerProcess(['--urls', `http://127.0.0.1:${port}`], { WORKERS: '2' }).exit;

    expect(code).toBe(1);
    expect(stderr).toBe(
      `Cannot listen on http://127.0.0.1:${port}: it is already in use. Choose another address with --urls, URLS or PORT.\n`,
    );
    blocker.close();
  });
});

describe('Two workers', () => {
  let urls: string[];

  beforeAll(async () => {
    const { server } = await start({ XDG_CACHE_HOME: '/dev/null' }, `${URLS};https://127.0.0.1:0;http://localhost:0`);
    urls = await server.listening(3);
  });
  afterAll(endServerProcesses);
  afterEach(endChatClients);

  it('serve every address', async () => {
    for (const url of urls.filter((text) => text.startsWith('http:'))) {
      await expect(echoOf('hello', url)).resolves.toBe('hello');
    }
  });

  it('let all in a room hear what one says, whatever worker they are connected to', async () => {
    const members = await joinOnBothWorkers(urls[0]);
    const [ann, bob] = [members[0], members[members.length - 1]];
    await ann.hear('joined', { from: bob.id });

    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    texts.forEach((text) => ann.say(text));
    await bob.hear('message', { text: 'message 99' });
    bob.say('goodbye');
    await ann.hear('message', { text: 'goodbye' });
    await bob.hear('message', { text: 'goodbye' });

    expect(bob.messages).toEqual([...texts, 'goodbye']);
    expect(ann.messages).toEqual([...texts, 'goodbye']);
    await expect(fetch(`${urls[0]}/health/ready`).then((response) => response.json())).resolves.toEqual({
      status: 'ok',
    });
  });

  it('answer with the metrics of both together', async () => {
    const [url] = urls;
    let before: Record<string, number> = {};
    await until(async () => {
      before = await scrape(url);
      return before['websocket_connections'] === 0; // not as long as clients of other tests are closing
    });

    const { open: clients } = await openMany(url, 30);

    const accepted = 'websocket_connections_accepted_total{protocol="h1",route="/ws"}';
    for (let i = 0; i < 4; i++) {
      const after = await scrape(url);
      expect(after['websocket_connections']).toBe(clients.length);
      expect(after[accepted]).toBe((before[accepted] ?? 0) + clients.length);
      expect(after['process_start_time_seconds']).toBe(before['process_start_time_seconds']);
    }
    clients.forEach((client) => client.terminate());
  });

  it('serve https with one development certificate, also where it cannot be saved', async () => {
    const fingerprints = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connectTls({
          port: Number(new URL(urls[1]).port),
          host: '127.0.0.1',
          rejectUnauthorized: false,
        });
        await once(socket, 'secureConnect');
        const { fingerprint256 } = socket.getPeerCertificate();
        socket.destroy();
        return fingerprint256;
      }),
    );

    expect(new Set(fingerprints).size).toBe(1);
  });
});
