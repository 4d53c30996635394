import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { RedisBackplane } from '../../src/background/redis-backplane.js';
import { describeWith } from '../support/installed-program.js';
import { endRedisServers, RedisServer, redisServerProgram } from '../support/redis-server.js';
import { until } from '../support/until.js';

const backplanes: RedisBackplane[] = [];

async function start(url: string, patience: number): Promise<RedisBackplane> {
  const backplane = new RedisBackplane(url, patience);
  backplanes.push(backplane);
  await backplane.onModuleInit();
  return backplane;
}

let said: string[];

beforeEach(() => {
  said = [];
  for (const level of ['log', 'warn'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void said.push(String(line)));
  }
});
afterEach(() => {
  backplanes.splice(0).forEach((backplane) => backplane.onApplicationShutdown());
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('A server that takes connections and never answers', () => {
  let silent: Server;

  beforeEach(async () => {
    silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterEach(() => silent.close());

  it('does not keep the application from starting, and is reported once for all attempts', async () => {
    const url = `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`;

    const { status } = await start(url, 50);
    await once(silent, 'connection');

    expect(status.isUp).toBe(false);
    expect(said).toEqual([`Redis at ${url} does not answer. Until it does, this server is alone.`]);
  });
});

describeWith([redisServerProgram], 'A Redis', () => {
  afterEach(endRedisServers);

  it('counts as down while it is frozen, even during publishing, and as up afterwards', async () => {
    const redis = await RedisServer.start();
    const backplane = await start(redis.url, 500);
    backplane.subscribe('before', () => {});
    expect(backplane.status.isUp).toBe(true);

    redis.freeze();
    await until(() => {
      backplane.publish('room', 'x');
      return !backplane.status.isUp;
    });
    const heard: string[] = [];
    backplane.subscribe('meanwhile', (message) => heard.push(message));
    redis.thaw();
    await until(() => backplane.status.isUp);

    const other = await start(redis.url, 5_000);
    await until(() => {
      other.publish('meanwhile', 'hello');
      return heard.length > 0;
    });
    expect(said).toContain(`Redis at ${redis.url} does not answer. Until it does, this server is alone.`);
  });

  it('counts as up when it refuses PING but answers', async () => {
    const redis = await RedisServer.start(undefined, '--user chat on >secret +@all -ping &*'.split(' '));
    // Longer than the test, because the time-out of the socket is not a fake one.
    const patience = 60_000;
    jest.useFakeTimers({
      doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
    });
    const backplane = await start(redis.url.replace('//', '//chat:secret@'), patience);

    for (let pings = 1; pings <= 3; pings++) {
      jest.advanceTimersByTime(patience / 2);
      // Redis answers in order: the ping, then this message.
      backplane.publish('room', 'x');
      await until(() => backplane.status.published === pings);
    }

    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    expect(await watcher.info('errorstats')).toContain('NOPERM:count=3');
    watcher.destroy();
    expect(said).toEqual([`Redis at ${redis.url} connects this server to the others`]);
  });
});
