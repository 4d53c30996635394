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
import { makeFolder, removeFolders } from '../support/https-app.js';
import { scrape } from '../support/scrape.js';
import { endServerProcesses, startServerProcess, type ServerProcess } from '../support/server-process.js';

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

/** Joins a room until its members are connected to two workers: the ids of one process have one prefix. */
async function joinOnBothWorkers(url: string): Promise<[ChatClient, ChatClient]> {
  const workerOf = ({ id }: ChatClient): string => String(id).split('-')[0];
  const first = await ChatClient.join(`${url}/background/room`);
  for (;;) {
    const next = await ChatClient.join(`${url}/background/room`);
    if (workerOf(next) !== workerOf(first)) {
      return [first, next];
    }
  }
}

async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise(setImmediate);
  }
}

// Each starts three processes or more.
jest.setTimeout(120_000);

afterAll(removeFolders);

describe('A server with WORKERS=2', () => {
  afterEach(endServerProcesses);

  it('closes the clients of all workers with 1001 on SIGTERM, and ends with exit code 0', async () => {
    const { server, url, workers } = await start();
    const { open: clients } = await openMany(url, 50);
    const codes = Promise.all(clients.map(closeCode));

    server.child.kill('SIGTERM');
    workers.forEach((pid) => process.kill(pid, 'SIGTERM')); // as supervisors do that end a group of processes

    expect(new Set(await codes)).toEqual(new Set([1001]));
    expect(clients).toHaveLength(50);
    await expect(server.exit).resolves.toMatchObject({ code: 0, stderr: '' });
  });

  it('ends at once when a signal comes again, and leaves neither a worker nor the file of a Unix socket', async () => {
    const path = join(await makeFolder(), 'server.sock');
    const { server, url, workers } = await start({ DRAIN_DELAY: '1h' }, `${URLS};http://unix:${path}`);
    await openMany(url, 4);
    const [response] = (await once(request({ socketPath: path, path: '/ws' }).end(), 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(400);

    server.child.kill('SIGTERM');
    const impatience = setInterval(() => server.child.kill('SIGTERM'), 100);

    await expect(server.exit).resolves.toMatchObject({ code: 143 });
    clearInterval(impatience);
    await Promise.all(workers.map(untilGone));
    expect(existsSync(path)).toBe(false);
  });

  it('leaves no worker behind when the primary is killed', async () => {
    const { server, workers } = await start();

    server.child.kill('SIGKILL');

    await expect(Promise.all(workers.map(untilGone))).resolves.toHaveLength(2);
  });

  it('has MAX_CONNECTIONS for all workers, and replaces one that dies, which ends its connections alone', async () => {
    const { server, url, workers } = await start({ MAX_CONNECTIONS: '20' });
    const { open: clients, statuses: refusals } = await openMany(url, 40);
    expect(refusals).toEqual(Array.from({ length: 20 }, () => 503));
    const codes = clients.map(closeCode);

    process.kill(workers[0], 'SIGKILL');
    const [[, who, how]] = await server.says(/WARN \[Workers\] (Worker \d \(process \d+\)) ended with (.+)\n/g);
    const started = await server.says(STARTED, 3);

    expect(who).toBe(`Worker 1 (process ${workers[0]})`);
    expect(how).toBe('SIGKILL. Another one starts in 100 ms.');
    expect(workers).not.toContain(Number(started[2]?.[1]));
    const kept = clients.filter(({ readyState }) => readyState === WebSocket.OPEN);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(20);
    // The places of the lost connections are free, and no others.
    const { open: further, statuses } = await openMany(url, 20);
    expect(further).toHaveLength(20 - kept.length);
    expect(new Set(statuses)).toEqual(new Set([503]));

    server.child.kill('SIGTERM');
    const ends = await Promise.all(codes);
    expect(ends.filter((code) => code === 1001)).toHaveLength(kept.length);
    await expect(server.exit).resolves.toMatchObject({ code: 0 });
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
    const [ann, bob] = await joinOnBothWorkers(urls[0]);
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
    let before = await scrape(url);
    while (before['websocket_connections'] > 0) {
      before = await scrape(url); // clients of other tests are still closing
    }

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
