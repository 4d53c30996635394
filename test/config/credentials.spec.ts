import { withoutCredentials } from '../../src/config/credentials.js';

it.each([
  ['redis://:secret@host:6379', 'redis://***@host:6379'],
  ['rediss://user:secret@host', 'rediss://***@host'],
  ['redis://user:sec@re/t@host', 'redis://***@host'],
  ['redis//:secret@host', '***@host'],
  [':secret@', '***@'],
  ['redis://host:6379', 'redis://host:6379'],
  ['', ''],
])('Without its credentials %j is %j', (text, expected) => {
  expect(withoutCredentials(text)).toBe(expected);
});
