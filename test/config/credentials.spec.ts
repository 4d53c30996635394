import { withoutCredentials } from '../../src/config/redacted.js';

it.each([
  ['redis://:secret@host:6379', 'redis://***@host:6379'],
  ['rediss://user:secret@host', 'rediss://***@host'],
  ['redis://user:sec@re/t@host', 'redis://***@host'],
  ['redis//:secret@host', '***@host'],
  [':secret@', '***@'],
  ['redis://host:6379', 'redis://host:6379'],
  ['redis://user:ge#heim', 'redis://***'],
  ['redis://user@host?password=secret', 'redis://***'],
  ['redis://:secret', 'redis://***'],
  ['redis://user:123456', 'redis://***'],
  ['rediss://host?password=secret', 'rediss://***'],
  ['redis://host:6379/1?password=secret', 'redis://***'],
  ['redis://[::1]:6379/x', 'redis://[::1]:6379/x'],
  ['redis://host:70000', 'redis://host:70000'],
  ['redis://host/chat', 'redis://host/chat'],
  ['http://host:port?query', 'http://host:port?query'],
  ['', ''],
])('Without its credentials %j is %j', (text, expected) => {
  expect(withoutCredentials(text)).toBe(expected);
});
