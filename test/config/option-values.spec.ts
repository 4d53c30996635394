import os, { availableParallelism } from 'node:os';
import { jest } from '@jest/globals';
import type { z } from 'zod';
import {
  byteSize,
  choice,
  duration,
  flag,
  limit,
  origins,
  positiveByteSize,
  positiveNumber,
  redisUrl,
  trustProxy,
  workers,
} from '../../src/config/option-values.js';

const word = choice('text', 'json');

describe('The value of an option', () => {
  it.each<[name: string, text: string, schema: z.ZodType, value: unknown]>([
    ['a duration', '1.5s', duration, 1500],
    ['a size', '64 KiB', byteSize, 65_536],
    ['a size', '0', byteSize, 0],
    ['a size of at least 1', '1GiB', positiveByteSize, 1_073_741_824],
    ['a limit', '0', limit, 0],
    ['a limit', '007', limit, 7],
    ['a limit', '9007199254740991', limit, Number.MAX_SAFE_INTEGER],
    ['a number of at least 1', '1000', positiveNumber, 1000],
    ['a number of workers', '256', workers, 256],
    ['a number of workers', 'Auto', workers, availableParallelism()],
    ['a choice', 'JSON', word, 'json'],
    ['a flag', 'True', flag, true],
    ['a flag', 'false', flag, false],
    ['a list of origins', ' https://a.com ,https://*.b.com,,', origins, ['https://a.com', 'https://*.b.com']],
    ['a list of origins', 'same-origin', origins, ['same-origin']],
    ['trusted proxies', '2', trustProxy, 2],
    ['trusted proxies', '10.0.0.0/8, unix', trustProxy, '10.0.0.0/8, unix'],
    ...[
      'redis://localhost',
      'redis://localhost:6379',
      'redis://redis:6379/2',
      'redis://[::1]:6379/',
      'rediss://user:pass%40word@redis.example.com:6380',
      'redis://:password@redis',
      'REDIS://redis',
    ].map((url): [string, string, z.ZodType, unknown] => ['the URL of Redis', url, redisUrl, url]),
  ])('for %s may be %j', (_name, text, schema, value) => {
    expect(schema.parse(text)).toEqual(value);
  });

  it('for a number of workers is at most 256 with auto, on a machine with more processors', () => {
    const processors = jest.spyOn(os, 'availableParallelism').mockReturnValue(384);
    expect(workers.parse('auto')).toBe(256);
    processors.mockRestore();
  });

  it.each<[name: string, schema: z.ZodType, texts: string[], accepted: RegExp]>([
    ['a duration', duration, ['soon', '-1', '0.5ms'], /^a duration .*1\.5s.* at most 24 days$/],
    ['a size', byteSize, ['64KB', '-1'], /^a size .*64KiB/],
    ['a size of at least 1', positiveByteSize, ['0', '0KiB', '1.5MiB'], /at least 1$/],
    [
      'a limit',
      limit,
      ['', ' 1', '-1', '+1', '1.5', '1e3', '0x10', '1_000', 'many', '9007199254740992'],
      /0 for no limit$/,
    ],
    ['a number of at least 1', positiveNumber, ['0', '1.5', 'many'], /at least 1$/],
    ['a number of workers', workers, ['0', '257', '1.5', 'all'], /^a whole number from 1 to 256, or auto/],
    ['a choice', word, ['', 'xml', 'toString'], /^text or json$/],
    ['a flag', flag, ['', '1', 'yes', 'toString'], /^true or false$/],
    ['a list of origins', origins, ['', ',', 'client.com', 'https://a.com/path'], /^origins such as /],
    ['trusted proxies', trustProxy, ['', ',', 'true', '-1', '1.5', 'proxy.internal', '10.0.0.0/33'], /^the number of /],
    [
      'the URL of Redis',
      redisUrl,
      [
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
      ],
      /^redis:\/\/host:port/,
    ],
  ])('for %s is refused with a message that says what is accepted', (_name, schema, texts, accepted) => {
    for (const text of texts) {
      expect(schema.safeParse(text).error?.issues[0].message).toMatch(accepted);
    }
  });
});
