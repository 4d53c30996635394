import { createClient } from 'redis';
import { makeCertificateFiles } from '../support/certificate.js';
import { ChatClient, endChatClients } from '../support/chat-client.js';
import { freePort } from '../support/free-port.js';
import { describeWith } from '../support/installed-program.js';
import { endRedisServers, RedisServer, redisServerProgram } from '../support/redis-server.js';
import { scrape } from '../support/scrape.js';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';
import { closeApps, startApp } from '../support/start-app.js';
import { until } from '../support/until.js';

/** Waits until the metrics of a server have these values. */
async function untilScraped(url: string, wanted: Readonly<Record<string, number>>): Promise<void> {
  await until(async () => {
    const figures = await scrape(url);
    return Object.entries(wanted).every(([name, value]) => figures[name] === value);
  });
}

const join = (url: string, path = ''): Promise<ChatClient> => ChatClient.join(`${url}/background${path}`);

describeWith([redisServerProgram], 'A chat on several servers', () => {
  afterEach(endChatClients);
  afterEach(closeApps);
  afterEach(endServerProcesses);
  afterEach(endRedisServers);
  it('delivers a message to every member of the room on every server, once and in order', async () => {
    const redis = await RedisServer.start();
    const [one, other] = [await startApp({ REDIS_URL: redis.url }), await startApp({ REDIS_URL: redis.url })];
    const ann = await join(one.url, '/room?name=Ann');
    const bob = await join(other.url, '/room?name=Bob');
    const carol = await join(other.url, '/elsewhere');
    await expect(ann.hear('joined', { from: bob.id })).resolves.toMatchObject({ name: 'Bob', members: 1 });

    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    texts.forEach((text) => ann.say(text));
    await bob.hear('message', { text: 'message 99' });
    bob.say('goodbye');
    await Promise.all([ann, bob].map((client) => client.hear('message', { text: 'goodbye' })));

    expect(ann.messages).toEqual([...texts, 'goodbye']);
    expect(bob.messages).toEqual([...texts, 'goodbye']);
    expect(carol.messages).toEqual([]);
    const heard = [ann, bob].map((client) => client.heard.filter(({ type }) => type === 'message'));
    expect(heard[0]).toEqual(heard[1]);

    bob.webSocket.close();
    await expect(ann.hear('left')).resolves.toMatchObject({ from: bob.id, name: 'Bob', members: 0 });
  });

  it('continues on each server while Redis is down, and across servers when it is back', async () => {
    const redis = await RedisServer.start();
    const [one, other] = [await startApp({ REDIS_URL: redis.url }), await startApp({ REDIS_URL: redis.url })];
    const [ann, bob, carol] = [await join(one.url), await join(one.url), await join(other.url)];
    await ann.hear('joined', { from: carol.id });

    await redis.kill();
    await Promise.all([one, other].map(({ url }) => untilScraped(url, { chat_backplane_up: 0 })));
    ann.say('alone?');
    await bob.hear('message', { text: 'alone?' });
    const dave = await join(other.url, '/new-room');
    expect(await scrape(one.url)).toMatchObject({ chat_backplane_lost_total: 1 });

    await RedisServer.start(redis.port);
    await Promise.all([one, other].map(({ url }) => untilScraped(url, { chat_backplane_up: 1 })));
    // A server that has subscribed again receives messages from those that were already subscribed.
    const eve = await join(one.url, '/new-room');
    await dave.hear('joined', { from: eve.id });
    carol.say('together again');
    await Promise.all([ann, carol].map((client) => client.hear('message', { text: 'together again' })));
    dave.say('here, too');
    await eve.hear('message', { text: 'here, too' });

    expect(carol.messages).toEqual(['together again']);
  });

  it('subscribes only to rooms that have members', async () => {
    const redis = await RedisServer.start();
    const { url } = await startApp({ REDIS_URL: redis.url });
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    const channels = async (): Promise<string[]> => (await watcher.pubSubChannels('*')).toSorted();

    const [ann, bob] = [await join(url, '/a'), await join(url, '/b')];
    await untilScraped(url, { chat_backplane_published_total: 2 });
    await expect(channels()).resolves.toEqual(['nest-ws-echo:background:a', 'nest-ws-echo:background:b']);

    ann.webSocket.close();
    await untilScraped(url, { chat_backplane_published_total: 3, chat_rooms: 1 });
    await until(async () => (await channels()).length === 1);
    await expect(channels()).resolves.toEqual(['nest-ws-echo:background:b']);
    await bob.hear('joined');
    expect(bob.heard).toHaveLength(2);
    watcher.destroy();
  });

  it('reports once that Redis is lost, and once that it is back', async () => {
    const redis = await RedisServer.start();
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], { REDIS_URL: redis.url });
    const [url = ''] = await server.listening();

    await redis.kill();
    await untilScraped(url, { chat_backplane_up: 0 });
    await RedisServer.start(redis.port);
    await untilScraped(url, { chat_backplane_up: 1 });
    server.child.kill('SIGTERM');
    const { code, stdout, stderr } = await server.exit;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').flatMap((line) => /\[Backplane\] (.*)/.exec(line)?.[1] ?? [])).toEqual([
      `Redis at ${redis.url} connects this server to the others`,
      expect.stringMatching(
        /^Redis at redis:\/\/127\.0\.0\.1:\d+ cannot be reached: .+\. Until it can, this server is alone\.$/,
      ),
      `Redis at ${redis.url} connects this server to the others`,
    ]);
  });

  it('starts without Redis, reports it once, and hides the password', async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const url = `redis://chat:secret@127.0.0.1:${redis.port}`;
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], { REDIS_URL: url });
    const [address = ''] = await server.listening();
    const [ann, bob] = [await join(address), await join(address)];
    ann.say('hello');
    await bob.hear('message', { text: 'hello' });

    server.child.kill('SIGTERM');
    const { code, stdout, stderr } = await server.exit;

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/cannot be reached/g)).toHaveLength(1);
    expect(stdout).not.toContain('secret');
  });

  it.each([
    ['connects with the right password', 'secret', 'connects this server to the others'],
    ['reports a wrong password without showing it', 'wr0ng', 'cannot be reached: WRONGPASS'],
  ])('%s', async (_what, password, said) => {
    const redis = await RedisServer.start(undefined, ['--requirepass', 'secret']);
    const url = `redis://:${password}@127.0.0.1:${redis.port}`;
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], { REDIS_URL: url });
    await server.says(new RegExp(said, 'g'));
    server.child.kill('SIGTERM');
    const { stdout, stderr } = await server.exit;

    expect(stdout + stderr).not.toContain(password);
  });

  it('reports once that Redis denies a command, and continues on its own', async () => {
    const redis = await RedisServer.start(undefined, '--user chat on >secret +@all &another-channel'.split(' '));
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], {
      REDIS_URL: `redis://chat:secret@127.0.0.1:${redis.port}`,
    });
    const [url = ''] = await server.listening();
    const [ann, bob] = [await join(url), await join(url)];
    ann.say('hello');
    await bob.hear('message', { text: 'hello' });
    await untilScraped(url, { chat_backplane_lost_total: 3 });

    server.child.kill('SIGTERM');
    const { stdout } = await server.exit;
    expect(stdout.match(/ refuses: NOPERM/g)).toHaveLength(1);
  });

  it('connects to Redis over TLS', async () => {
    const [{ cert, key }, port] = [await makeCertificateFiles(), await freePort()];
    const tls = [
      '--tls-port',
      String(port),
      '--tls-cert-file',
      cert,
      '--tls-key-file',
      key,
      '--tls-auth-clients',
      'no',
    ];
    await RedisServer.start(undefined, tls);
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], {
      REDIS_URL: `rediss://127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: cert,
    });
    const [url = ''] = await server.listening();

    await expect(untilScraped(url, { chat_backplane_up: 1 })).resolves.toBeUndefined();
  });

  it.each<[string, (redis: RedisServer) => unknown]>([
    ['is gone', (redis) => redis.kill()],
    ['does not answer', (redis) => redis.freeze()],
  ])('shuts down gracefully when Redis %s', async (_what, act) => {
    const redis = await RedisServer.start();
    const { url, close } = await startApp({ REDIS_URL: redis.url });
    const clients = [await join(url), await join(url)];
    await act(redis);
    const closed = clients.map((client) => client.closed());

    const left = close();

    await expect(Promise.all(closed)).resolves.toEqual(
      clients.map(() => ({ code: 1001, reason: 'Server shutting down' })),
    );
    await expect(left).resolves.toBeUndefined();
  });

  it('buffers a bounded amount for a Redis that does not answer', async () => {
    const redis = await RedisServer.start();
    const { url } = await startApp({ REDIS_URL: redis.url });
    const ann = await join(url);
    redis.freeze();
    const text = 'x'.repeat(1_000_000);

    for (let said = 0; said < 20; said++) {
      ann.say(`${said} ${text}`);
      await ann.hear('message', { text: `${said} ${text}` });
    }

    const lost = (await scrape(url))['chat_backplane_lost_total'];
    expect(lost).toBeGreaterThan(10);
    expect(lost).toBeLessThan(20);
  });
});
