import os from 'node:os';
import { WebSocketsModule, type TrustProxy } from 'nest-raw-websockets';
import {
  ACCEPTED_DURATIONS,
  ACCEPTED_SIZES,
  parseDuration,
  parseSize,
  parseWholeNumber,
} from 'nest-ws-echo-client/amounts';
import { z } from 'zod';

/*
 * Schemas for the values of options: each turns the text of an environment variable into a typed value. The message of an
 * error says what is accepted, in words that fit behind "accepted:".
 */

/**
 * A schema for a text that `parse` turns into a value.
 *
 * @param parse returns undefined for a text that is not accepted
 * @param accepted what is accepted
 */
export function parsed<T>(
  parse: (text: string) => T | undefined,
  accepted: string,
): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value === undefined) {
      context.addIssue(accepted);
      return z.NEVER;
    }
    return value;
  });
}

/** A duration in milliseconds. */
export const duration = parsed(parseDuration, ACCEPTED_DURATIONS);

/** A duration in milliseconds, at least 1. */
export const positiveDuration = parsed(
  (text) => parseDuration(text) || undefined,
  `${ACCEPTED_DURATIONS}, at least 1 ms`,
);

/** A size in bytes. */
export const byteSize = parsed(parseSize, ACCEPTED_SIZES);

/** A size in bytes, at least 1. */
export const positiveByteSize = parsed((text) => parseSize(text) || undefined, `${ACCEPTED_SIZES}, at least 1`);

/** A whole number. */
export const wholeNumber = parsed(parseWholeNumber, 'a whole number such as 1000');

/** A whole number; 0 means no limit. */
export const limit = parsed(parseWholeNumber, 'a whole number such as 1000, or 0 for no limit');

/** A whole number, at least 1. */
export const positiveNumber = parsed(
  (text) => parseWholeNumber(text) || undefined,
  'a whole number such as 1000, at least 1',
);

/** The most workers that are accepted. Each is a process, and more would only compete for the processors. */
const MAX_WORKERS = 256;

/** The number of workers. */
export const workers = parsed(
  parseWorkers,
  `a whole number from 1 to ${MAX_WORKERS}, or auto for one per processor, at most ${MAX_WORKERS}`,
);

function parseWorkers(text: string): number | undefined {
  if (text.toLowerCase() === 'auto') {
    return Math.min(os.availableParallelism(), MAX_WORKERS);
  }
  const number = parseWholeNumber(text) ?? 0;
  return number >= 1 && number <= MAX_WORKERS ? number : undefined;
}

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

/** One of several words, in any case. */
export function choice<const Word extends string>(...words: Word[]): ReturnType<typeof parsed<Word>> {
  return parsed((text) => words.find((word) => word === text.toLowerCase()), alternatives.format(words));
}

/** `true` or `false`, in any case. */
export const flag = choice('true', 'false').transform((word) => word === 'true');

/** The origins that may open WebSockets: a list separated by commas. The library decides what an origin is. */
export const origins = parsed(
  parseOrigins,
  'origins such as https://client.com or https://*.client.com without a path, "*", "same-origin" or "null", ' +
    'separated by ","',
);

function parseOrigins(text: string): string[] | undefined {
  const allowedOrigins = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  try {
    WebSocketsModule.forRoot({ allowedOrigins });
  } catch {
    return undefined;
  }
  return allowedOrigins.length > 0 ? allowedOrigins : undefined;
}

/** The proxies that are believed: their number, or a list separated by commas. The library decides what an entry may be. */
export const trustProxy = parsed(
  parseTrustProxy,
  'the number of proxies such as 1, or their addresses such as 10.0.0.0/8, ::1, "loopback", "linklocal", "uniquelocal" or ' +
    '"unix", separated by ","',
);

function parseTrustProxy(text: string): TrustProxy | undefined {
  const proxies = parseWholeNumber(text) ?? text;
  try {
    WebSocketsModule.forRoot({ trustProxy: proxies });
  } catch {
    return undefined;
  }
  return /[^\s,]/.test(text) ? proxies : undefined;
}

/**
 * The URL of Redis: `redis://host:port`, or `rediss://` for TLS, with an optional `user:password@` before the host and an
 * optional `/number` of a database after the port.
 */
export const redisUrl = parsed(
  parseRedisUrl,
  'redis://host:port or rediss://user:password@host:port, with special characters of the password percent-encoded',
);

function parseRedisUrl(text: string): string | undefined {
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
