import { parsed } from './option-values.js';

/**
 * Reads where Redis is: `redis://host:port`, or `rediss://` for TLS, with `user:password@` before the host and
 * `/number` of a database behind it where there are such.
 *
 * @returns the text, or undefined when it is anything else
 */
export function parseRedisUrl(text: string): string | undefined {
  if (!/^rediss?:\/\/[^\s?#]+$/i.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const { hostname, pathname, username, password } = new URL(text);
  const isUsable = hostname !== '' && /^(\/\d*)?$/.test(pathname) && isPercentEncoded(username + password);
  return isUsable ? text : undefined;
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Where Redis is. */
export const redisUrl = parsed(
  parseRedisUrl,
  'redis://host:port or rediss://user:password@host:port, with special characters of the password percent-encoded',
);
