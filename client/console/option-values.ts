import { validateHeaderName, validateHeaderValue } from 'node:http';
import { InvalidArgumentError } from 'commander';
import type { Header } from './connection/handshake.js';
import { mistakeInCode, mistakeInReason } from './close-status.js';
import { LONGEST_DELAY } from './longest-delay.js';

const MILLISECONDS_PER: Record<string, number> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const BYTES_PER: Record<string, number> = { '': 1, b: 1, kib: 1024, mib: 1024 ** 2 };

/** The largest message that the `ws` client takes back. */
export const LARGEST_MESSAGE = 100 * 1024 ** 2;

/** The handshake's own headers. RFC 6455 section 4.1 says what they have to be. */
const HANDSHAKE_HEADERS: Record<string, string> = {
  connection: 'the client makes it',
  upgrade: 'the client makes it',
  'sec-websocket-key': 'the client makes it',
  'sec-websocket-version': 'the client makes it',
  'sec-websocket-protocol': 'use --subprotocol',
  'sec-websocket-extensions': 'use --compress',
};

/**
 * Reads `500ms`, `30s`, `2m`, `1h`, or milliseconds such as `0`, with or without a fraction.
 *
 * @returns milliseconds
 * @throws InvalidArgumentError, for commander
 */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/i.exec(text) ?? [];
  const milliseconds = Number(digits) * (MILLISECONDS_PER[unit?.toLowerCase() ?? ''] ?? Number.NaN);
  return accept(milliseconds <= LONGEST_DELAY, milliseconds, 'a duration such as 500ms, 30s, 2m or 0, at most 24 days');
}

/**
 * Reads `64KiB`, `1MiB`, or bytes such as `4096`.
 *
 * @returns bytes
 * @throws InvalidArgumentError, for commander
 */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+)(b|kib|mib|)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (BYTES_PER[unit?.toLowerCase() ?? ''] ?? Number.NaN);
  return accept(bytes <= LARGEST_MESSAGE, bytes, 'a size such as 4096, 64KiB or 1MiB, at most 100MiB');
}

/** Reads a whole number from 1 on. @throws InvalidArgumentError, for commander */
export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  return accept(count >= 1 && Number.isSafeInteger(count), count, 'a whole number, at least 1');
}

/** Reads a number of messages a second. @throws InvalidArgumentError, for commander */
export function parseRate(text: string): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return accept(rate > 0 && Number.isFinite(rate), rate, 'a number of messages a second, more than 0');
}

/** Reads `Name: value`. @throws InvalidArgumentError, for commander */
export function parseHeader(text: string): Header {
  const [, name, value] = /^([^:]+):\s*(.*?)\s*$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('Accepted: a name, a colon and a value, such as "X-Request-Id: 17".');
  }
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  const reason = HANDSHAKE_HEADERS[name.toLowerCase()];
  if (reason) {
    throw new InvalidArgumentError(`It is a header of the handshake: ${reason}.`);
  }
  return [name, value];
}

/** Reads the value of the Origin header. @throws InvalidArgumentError, for commander */
export function parseOrigin(text: string): string {
  return parseHeader(`Origin: ${text}`)[1];
}

/** Reads the name of a sub-protocol, a token (RFC 6455 section 4.1). @throws InvalidArgumentError, for commander */
export function parseSubprotocol(text: string): string {
  return accept(
    /^[\w!#$%&'*+.^`|~-]+$/.test(text),
    text,
    'letters, digits and any of !#$%&\'*+-.^_`|~, such as "chat.v2"',
  );
}

/**
 * Reads the address of a WebSocket, which may be written with http or https, as browsers take it.
 *
 * @returns an address with ws or wss
 * @throws InvalidArgumentError, for commander
 */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isKnown = url !== undefined && /^(wss?|https?):$/.test(url.protocol) && url.hostname !== '';
  if (!isKnown) {
    const guess = /^[\w.[\]:-]+(\/\S*)?$/.test(text) && !text.includes('://') ? ` Did you mean ws://${text}?` : '';
    throw new InvalidArgumentError(`Accepted: an address with ws://, wss://, http:// or https://.${guess}`);
  }
  if (url.hash !== '') {
    // RFC 6455 section 3
    throw new InvalidArgumentError('The address of a WebSocket has no fragment: write %23 for a "#" in it.');
  }
  url.protocol = url.protocol.replace('http', 'ws');
  return url;
}

/** Reads a status to close with. @throws InvalidArgumentError, for commander */
export function parseCloseCode(text: string): number {
  return right(mistakeInCode(text), Number(text));
}

/** Reads the reason of a close frame. @throws InvalidArgumentError, for commander */
export function parseCloseReason(text: string): string {
  return right(mistakeInReason(text), text);
}

/** Reads the address of a proxy. @throws InvalidArgumentError, for commander */
export function parseProxy(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('Accepted: an address with http:// or https://, such as http://proxy.example:3128.');
  }
  return url;
}

function right<T>(mistake: string | undefined, value: T): T {
  if (mistake !== undefined) throw new InvalidArgumentError(mistake);
  return value;
}

function accept<T>(isAccepted: boolean, value: T, accepted: string): T {
  if (!isAccepted) {
    throw new InvalidArgumentError(`Accepted: ${accepted}.`);
  }
  return value;
}
