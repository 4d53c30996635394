import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { credentialsOf, webSocketUrl } from './connection/address.js';
import type { Header } from './connection/handshake.js';
import { mistakeInCode, mistakeInReason } from './close-status.js';
import { LONGEST_DELAY } from './amounts.js';

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
 * @returns an address with ws, wss, ws+unix or wss+unix
 * @throws InvalidArgumentError, for commander
 */
export function parseUrl(text: string): URL {
  const url = webSocketUrl(text);
  if (url === undefined || LISTENING_ADDRESS.test(text)) {
    throw new InvalidArgumentError(
      `Accepted: an address with ws://, wss://, http:// or https://, or ws+unix:/path/to/socket:/path.${suggestion(text)}`,
    );
  }
  if (url.hash !== '') {
    // RFC 6455 section 3
    throw new InvalidArgumentError('The address of a WebSocket has no fragment: write %23 for a "#" in it.');
  }
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

/** Unix sockets as servers of Node.js write them. */
const LISTENING_ADDRESS = /^(?:https?:\/\/)?unix:(?=\/)/i;

/** What is typed for an address, and what it begins with in one. The first that fits counts. */
const ABBREVIATIONS: readonly (readonly [begin: RegExp, scheme: string])[] = [
  [LISTENING_ADDRESS, 'ws+unix:'],
  [/^:?(?=\d+(?:[/?]|$))/, 'ws://localhost:'],
  [/^(?:ws|http)\/\//i, 'ws://'],
  [/^(?:wss|https)\/\//i, 'wss://'],
  [/^(?:\/\/)?(?=[\w.[\]:-]+(?:[/?]|$))(?!\w+:\/)/, 'ws://'],
];

/** The address that may be meant, if it is one. What may hold a password is not repeated. */
function suggestion(text: string): string {
  const [begin, scheme] = ABBREVIATIONS.find(([pattern]) => pattern.test(text)) ?? [];
  const meant = begin && !/[@#\s]/.test(text) ? text.replace(begin, scheme!) : '';
  return webSocketUrl(meant) ? ` Did you mean ${meant}?` : '';
}

/**
 * Reads the address of a proxy, which is one of HTTP where no scheme is written.
 *
 * @throws InvalidArgumentError, for commander
 */
export function parseProxy(text: string): URL {
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^(https?|socks5h?):$/.test(url.protocol) || url.hostname === '') {
    throw new InvalidArgumentError(
      'Accepted: host:port, or an address with http://, https://, socks5:// or socks5h://, such as http://proxy.example:3128.',
    );
  }
  const { user = '', password = '' } = credentialsOf(url) ?? {};
  if (url.protocol.startsWith('socks') && [user, password].some((part) => Buffer.byteLength(part) > 255)) {
    // RFC 1929 section 2
    throw new InvalidArgumentError('The user and the password of a SOCKS5 proxy have at most 255 bytes each.');
  }
  return url;
}

/** Reads `host:port`, an IPv6 address in brackets. @throws InvalidArgumentError, for commander */
export function parseConnectTo(text: string): string {
  const isPlace = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]]+):\d+$/i.test(text) && URL.canParse(`ws://${text}`);
  return accept(isPlace, text, 'host:port, such as 127.0.0.1:5001 or [::1]:5001');
}

/** Reads the name of a server, which TLS does not allow to be an IP address (RFC 6066). @throws InvalidArgumentError */
export function parseServername(text: string): string {
  const isName = /^[\w-]+(\.[\w-]+)*\.?$/.test(text) && isIP(text) === 0;
  return accept(isName, text, 'a host name, such as example.com, and not an IP address');
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
