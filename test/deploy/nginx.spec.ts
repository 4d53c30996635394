import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { readConfiguration } from '../../src/config/read-configuration.js';
import { ChatClient, endChatClients } from '../support/chat-client.js';
import { describeWith } from '../support/installed-program.js';
import { nginxProgram, startNginx } from '../support/nginx.js';
import { endProxies } from '../support/proxy-process.js';
import { endRedisServers, RedisServer, redisServerProgram } from '../support/redis-server.js';
import { scrape } from '../support/scrape.js';
import { endServerProcesses, startServerProcess, type ServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

const configuration = readFileSync(new URL('../../deploy/nginx/default.conf', import.meta.url), 'utf8');

describe('The configuration of nginx', () => {
  it.each(['proxy_read_timeout', 'proxy_send_timeout'])('has a %s that is longer than the keep-alive', (name) => {
    const { keepAliveInterval, keepAliveTimeout } = readConfiguration({}).webSockets;
    const seconds = Number(new RegExp(`${name} (\\d+)s;`).exec(configuration)?.[1]);

    expect(seconds * 1000).toBeGreaterThan(keepAliveInterval + keepAliveTimeout);
  });
});

describeWith([nginxProgram, redisServerProgram], 'Two servers behind nginx', () => {
  let servers: ServerProcess[];
  let urls: string[];
  let nginx: string;

  beforeAll(async () => {
    const redis = await RedisServer.start();
    servers = Array.from({ length: 2 }, () =>
      startServerProcess(['--urls', 'http://127.0.0.1:0'], { REDIS_URL: redis.url, ALLOWED_ORIGINS: 'same-origin' }),
    );
    urls = (await Promise.all(servers.map((server) => server.listening()))).flat();
    nginx = await startNginx(urls);
  }, 120_000);
  afterEach(async () => {
    endChatClients();
    await until(async () => {
      const figures = await Promise.all(urls.map(scrape));
      return figures.every(({ websocket_connections: connections }) => connections === 0);
    });
  });
  afterAll(async () => {
    await endProxies();
    await endServerProcesses();
    await endRedisServers();
  });

  it('share the clients, and deliver messages between them', async () => {
    const ann = await ChatClient.join(`${nginx}/background?name=Ann`);
    const bob = await ChatClient.join(`${nginx}/background?name=Bob`);
    await ann.hear('joined', { from: bob.id });
    for (const url of urls) {
      await expect(scrape(url)).resolves.toMatchObject({ chat_members: 1 });
    }

    ann.say('hello');
    await expect(bob.hear('message')).resolves.toMatchObject({ name: 'Ann', text: 'hello' });
    bob.say('hello yourself');
    await expect(ann.hear('message', { text: 'hello yourself' })).resolves.toMatchObject({ name: 'Bob' });
  });

  it('echo large messages, and close as the client closes', async () => {
    const webSocket = new WebSocket(`${nginx.replace('http', 'ws')}/ws`);
    await once(webSocket, 'open');
    const message = Buffer.alloc(3_000_000, 'nginx');
    webSocket.send(message);
    const [echo] = (await once(webSocket, 'message')) as [Buffer];
    expect(message.equals(echo)).toBe(true);

    const closed = once(webSocket, 'close');
    webSocket.close(3001, 'bye');
    await expect(closed).resolves.toEqual([3001, Buffer.from('bye')]);
  });

  it.each([
    ['the page of this server', () => nginx, 101],
    ['a foreign page', () => 'http://evil.example', 403],
  ])('receive the origin of %s', async (_what, origin, status) => {
    const webSocket = new WebSocket(`${nginx.replace('http', 'ws')}/ws`, { origin: origin() });
    webSocket.on('error', () => {});
    const event = status === 101 ? 'upgrade' : 'unexpected-response';
    const told = (await once(webSocket, event)) as { statusCode?: number }[];

    // The response is the only argument of `upgrade`, and the second of `unexpected-response`.
    expect(told.at(-1)?.statusCode).toBe(status);
    webSocket.terminate();
  });

  it('serve the page, and do not expose their metrics', async () => {
    expect((await fetch(nginx)).status).toBe(200);
    for (const path of ['/metrics', '/Metrics/', '/metrics?all']) {
      expect((await fetch(nginx + path)).status).toBe(404);
    }
  });

  it('take over the handshakes of a server that shuts down, and of one that has ended', async () => {
    const ann = await ChatClient.join(`${nginx}/background`);
    const bob = await ChatClient.join(`${nginx}/background`);
    const [leaving, staying] = (await scrape(urls[0]))['chat_members'] === 1 ? [0, 1] : [1, 0];
    const ends = [ann, bob].map((client) => client.closed());

    servers[leaving].child.kill('SIGTERM');
    await expect(Promise.race(ends)).resolves.toEqual({ code: 1001, reason: 'Server shutting down' });
    const carol = await ChatClient.join(`${nginx}/background`);
    await servers[leaving].exit;
    const dave = await ChatClient.join(`${nginx}/background`);

    dave.say('still here');
    await carol.hear('message', { text: 'still here' });
    await expect(scrape(urls[staying])).resolves.toMatchObject({ chat_members: 3 });
    urls.splice(leaving, 1);
  });
});
