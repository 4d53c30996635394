import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { ACCEPTED_DURATIONS, ACCEPTED_SIZES, parseDuration, parseSize, parseWholeNumber } from './amounts.js';
import { mistakeInCode, mistakeInReason } from './close-status.js';
import { credentialsOf, webSocketUrl } from './connection/address.js';
import type { Header } from './connection/handshake.js';
import { LARGEST_MESSAGE } from './message.js';

/** The headers that the handshake sets (RFC 6455 section 4.1), and what to use instead of --header. */
const HANDSHAKE_HEADERS: Record<string, string> = {
  connection: 'the client sets it',
  upgrade: 'the client sets it',
  'sec-websocket-key': 'the client sets it',
  'sec-websocket-version': 'the client sets it',
  'sec-websocket-protocol': 'use --subprotocol',
  'sec-websocket-extensions': 'use --compress',
};

/*
 * Parsers for the values of options. Each throws an InvalidArgumentError that says what is accepted; commander prints it.
 */

/** Parses a duration. @returns milliseconds */
export function parseTime(text: string): number {
  return accept(parseDuration(text), ACCEPTED_DURATIONS);
}

/** Parses the size of a message. @returns bytes */
export function parseMessageSize(text: string): number {
  const size = parseSize(text) ?? Number.POSITIVE_INFINITY;
  return accept(
    size <= LARGEST_MESSAGE ? size : undefined,
    `${ACCEPTED_SIZES}, at most ${LARGEST_MESSAGE / 1024 ** 2}MiB`,
  );
}

/** Parses a whole number, at least 1. */
export function parseCount(text: string): number {
  return accept(parseWholeNumber(text) || undefined, 'a whole number, at least 1');
}

/** Parses a number of messages a second. */
export function parseRate(text: string): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return accept(rate > 0 && Number.isFinite(rate) ? rate : undefined, 'a number of messages a second, more than 0');
}

/** Parses `Name: value`. */
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
    throw new InvalidArgumentError(`The handshake has this header: ${reason}.`);
  }
  return [name, value];
}

/** Checks the value of the Origin header. */
export function parseOrigin(text: string): string {
  return parseHeader(`Origin: ${text}`)[1];
}

/** Checks the name of a subprotocol, which is a token (RFC 6455 section 4.1). */
export function parseSubprotocol(text: string): string {
  return accept(
    /^[\w!#$%&'*+.^`|~-]+$/.test(text) ? text : undefined,
    'letters, digits and any of !#$%&\'*+-.^_`|~, such as "chat.v2"',
  );
}

/**
 * Parses the address of a WebSocket. As in browsers, the scheme may also be http or https.
 *
 * @returns an address with the scheme ws, wss, ws+unix or wss+unix
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
    throw new InvalidArgumentError('The address of a WebSocket cannot have a fragment. Write %23 for "#".');
  }
  return url;
}

/** Parses the status of a close frame. */
export function parseCloseCode(text: string): number {
  return unlessMistaken(mistakeInCode(text), Number(text));
}

/** Checks the reason of a close frame. */
export function parseCloseReason(text: string): string {
  return unlessMistaken(mistakeInReason(text), text);
}

/** A Unix socket in the form in which Node.js servers print it. */
const LISTENING_ADDRESS = /^(?:https?:\/\/)?unix:(?=\/)/i;

/** Frequent beginnings that are not an address, and the beginning that is meant. The first match counts. */
const ABBREVIATIONS: readonly (readonly [begin: RegExp, scheme: string])[] = [
  [LISTENING_ADDRESS, 'ws+unix:'],
  [/^:?(?=\d+(?:[/?]|$))/, 'ws://localhost:'],
  [/^(?:ws|http)\/\//i, 'ws://'],
  [/^(?:wss|https)\/\//i, 'wss://'],
  [/^(?:\/\/)?(?=[\w.[\]:-]+(?:[/?]|$))(?!\w+:\/)/, 'ws://'],
];

/** A sentence with the address that may be meant. A text that may hold a password is not repeated. */
function suggestion(text: string): string {
  const [begin, scheme] = ABBREVIATIONS.find(([pattern]) => pattern.test(text)) ?? [];
  const meant = begin && !/[@#\s]/.test(text) ? text.replace(begin, scheme!) : '';
  return webSocketUrl(meant) ? ` Did you mean ${meant}?` : '';
}

/** Parses the address of a proxy. The default scheme is http. */
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

/** Checks `host:port`. An IPv6 address stands in brackets. */
export function parseConnectTo(text: string): string {
  const isEndpoint = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]]+):\d+$/i.test(text) && URL.canParse(`ws://${text}`);
  return accept(isEndpoint ? text : undefined, 'host:port, such as 127.0.0.1:5001 or [::1]:5001');
}

/** Checks the name of a server. TLS does not allow an IP address there (RFC 6066 section 3). */
export function parseServername(text: string): string {
  const isName = /^[\w-]+(\.[\w-]+)*\.?$/.test(text) && isIP(text) === 0;
  return accept(isName ? text : undefined, 'a host name, such as example.com, and not an IP address');
}

function unlessMistaken<T>(mistake: string | undefined, value: T): T {
  if (mistake !== undefined) {
    throw new InvalidArgumentError(mistake);
  }
  return value;
}

function accept<T>(value: T | undefined, accepted: string): T {
  if (value === undefined) {
    throw new InvalidArgumentError(`Accepted: ${accepted}.`);
  }
  return value;
}
