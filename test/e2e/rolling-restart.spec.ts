import { once } from 'node:events';
import { WebSocket } from 'ws';
import { freePort } from '../support/free-port.js';
import { haproxyProgram, startHaproxy } from '../support/haproxy.js';
import { describeWith } from '../support/installed-program.js';
import { endProxies } from '../support/proxy-process.js';
import { endServerProcesses, startServerProcess, type ServerProcess } from '../support/server-process.js';

const SERVERS = 3;
const CLIENTS_PER_SERVER = 300;

/** The least and the most time over which a drain is spread, in ms. A slow machine needs more than a fast one. */
const DRAIN_SPREAD = { least: 4000, most: 30_000 };

/** A balancer that asks each server whether it is ready. A handshake that one server refuses goes to another one. */
const balancer = (port: number, servers: readonly string[]): string => `
global
  maxconn 4000
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend clients
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance leastconn
  option httpchk GET /health/ready
  timeout check 5s
  retry-on conn-failure empty-response 503
  option redispatch 1
  default-server check inter 200ms fall 1 rise 1
${servers.map((url, i) => `  server server-${i + 1} ${new URL(url).host}\n`).join('')}`;

/** A client that connects again as soon as it was closed. What was not echoed by then it sends again. */
class ReconnectingClient {
  /** How each of its connections ended, and when, in ms. */
  readonly ends: { code: number; at: number }[] = [];
  /** Why it could not connect. */
  readonly refusals: string[] = [];
  /** What it sent, in its order. */
  readonly sent: string[] = [];
  readonly echoes: string[] = [];
  private webSocket!: WebSocket;
  private isLeaving = false;
  private onEcho = (): void => {};

  constructor(private readonly url: string) {}

  async connect(): Promise<void> {
    const webSocket = (this.webSocket = new WebSocket(this.url));
    webSocket.on('error', ({ message }) => this.refusals.push(message));
    webSocket.on('message', (data: Buffer) => {
      this.echoes.push(data.toString());
      this.onEcho();
    });
    webSocket.on('close', (code) => {
      if (!this.isLeaving) {
        this.ends.push({ code, at: performance.now() });
        void this.connect();
      }
    });
    // A connection that fails closes, too, and is counted there.
    await once(webSocket, 'open').catch(() => {});
    if (webSocket.readyState === WebSocket.OPEN) {
      this.sent.slice(this.echoes.length).forEach((text) => webSocket.send(text));
    }
  }

  /** Sends a message, at once or with the next connection. */
  send(): void {
    const text = `message ${this.sent.length + 1}`;
    this.sent.push(text);
    if (this.webSocket.readyState === WebSocket.OPEN) {
      this.webSocket.send(text);
    }
  }

  /** Resolves when all messages have been echoed. */
  async echoed(): Promise<void> {
    while (this.echoes.length < this.sent.length) {
      await new Promise<void>((resolve) => (this.onEcho = resolve));
    }
  }

  leave(): void {
    this.isLeaving = true;
    this.webSocket.terminate();
  }
}

/** How many of these times are in each tenth of a drain, from the first one on. */
function tenthsOf(times: readonly number[], spread: number): number[] {
  const start = Math.min(...times);
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const time of times) {
    tenths[Math.min(9, Math.floor(((time - start) / spread) * 10))]++;
  }
  return tenths;
}

describeWith([haproxyProgram], 'A rolling restart of three servers behind a balancer', () => {
  const clients: ReconnectingClient[] = [];

  afterEach(() => clients.splice(0).forEach((client) => client.leave()));
  afterEach(endProxies);
  afterEach(endServerProcesses);

  /** How long a server of this machine should drain: twice as long as it starts. */
  async function drainSpread(): Promise<number> {
    const start = performance.now();
    await startServerProcess(['--urls', 'http://127.0.0.1:0']).listening();
    await endServerProcesses();
    const time = Math.round(2 * (performance.now() - start));
    return Math.min(Math.max(time, DRAIN_SPREAD.least), DRAIN_SPREAD.most);
  }

  it('closes each client with 1001, loses no message, and spreads the reconnections', async () => {
    const spread = await drainSpread();
    const startServer = (url: string): ServerProcess =>
      startServerProcess(['--urls', url], { DRAIN_DELAY: `${Math.round(spread / 4)}ms`, DRAIN_SPREAD: `${spread}ms` });
    const servers = Array.from({ length: SERVERS }, () => startServer('http://127.0.0.1:0'));
    const urls = (await Promise.all(servers.map((server) => server.listening()))).flat();
    const successors = await Promise.all(urls.map(async () => `http://127.0.0.1:${await freePort()}`));
    const port = await freePort();
    await startHaproxy(() => balancer(port, [...urls, ...successors]));
    for (let i = 0; i < SERVERS * CLIENTS_PER_SERVER; i++) {
      clients.push(new ReconnectingClient(`ws://127.0.0.1:${port}/ws`));
    }
    for (const client of clients) {
      await client.connect();
    }

    // At every moment one client waits for an echo.
    let isRolling = true;
    const sending = (async (): Promise<void> => {
      for (let i = 0; isRolling; i++) {
        const client = clients[i % clients.length];
        client.send();
        await client.echoed();
      }
    })();
    const drains: number[][] = [];
    for (const [i, server] of servers.entries()) {
      const before = clients.map(({ ends }) => ends.length);
      server.child.kill('SIGTERM');
      const successor = startServer(successors[i]);
      await expect(server.exit).resolves.toMatchObject({ code: 0, stderr: '' });
      drains.push(clients.flatMap(({ ends }, j) => ends.slice(before[j]).map(({ at }) => at)));
      await successor.listening();
    }
    isRolling = false;
    await sending;

    expect(new Set(clients.flatMap(({ ends }) => ends.map(({ code }) => code)))).toEqual(new Set([1001]));
    expect(clients.flatMap(({ refusals }) => refusals)).toEqual([]);
    expect(clients.map(({ echoes }) => echoes)).toEqual(clients.map(({ sent }) => sent));
    expect(clients.filter(({ ends }) => ends.length === 0)).toEqual([]);
    for (const times of drains) {
      expect(Math.max(...tenthsOf(times, spread))).toBeLessThanOrEqual(times.length * 0.2);
    }
  }, 300_000);
});
