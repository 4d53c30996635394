import { parseRedisUrl } from '../../src/config/redis-url.js';

describe('Where Redis is', () => {
  it.each([
    'redis://localhost',
    'redis://localhost:6379',
    'redis://redis:6379/2',
    'redis://[::1]:6379/',
    'rediss://user:pass%40word@redis.example.com:6380',
    'redis://:password@redis',
    'REDIS://redis',
  ])('may be %s', (text) => {
    expect(parseRedisUrl(text)).toBe(text);
  });

  it.each([
    '',
    'localhost',
    'localhost:6379',
    'http://localhost:6379',
    'redis:localhost',
    'redis://',
    'redis:///1',
    'redis://localhost:70000',
    'redis://localhost/chat',
    'redis://localhost?db=1',
    'redis://local host',
    'redis://:100%@localhost',
  ])('is not %j', (text) => {
    expect(parseRedisUrl(text)).toBeUndefined();
  });
});
