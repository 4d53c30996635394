import {
  atSameSocket,
  isSecure,
  isUnix,
  redacted,
  requestUrl,
  urlAuthorization,
  webSocketUrl,
  withoutCredentials,
} from './address.js';
import type { Refusal } from './connect-error.js';
import type { Header } from './handshake.js';
import type { RequestOptions } from './open-web-socket.js';
import type { Route } from './transport.js';

/** What a redirect changes. */
export interface RedirectableOptions extends Route, RequestOptions {
  /** Whether the WebSocket is opened over HTTP/2 (RFC 8441). */
  readonly http2: boolean;
  readonly followRedirects: boolean;
  /** The proxy for another address. */
  readonly proxyOf: (url: URL) => URL | undefined;
  /** Names of the credentials that were not sent because a redirect led to another origin. */
  readonly withheld: readonly string[];
}

/** So many redirects are followed: more of them are a loop. */
const LIMIT = 10;

const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie'];

/** Headers that are for one origin only. */
const ORIGIN_HEADERS = [...CREDENTIALS, 'host'];

/**
 * How to connect to where a refusal redirects to (RFC 9110 section 15.4).
 *
 * @param count how many redirects were followed before
 * @throws Refusal with the reason, when that is not wanted or not possible
 */
export function followRedirect<O extends RedirectableOptions>(refusal: Refusal, options: O, count: number): O {
  const { location } = refusal;
  if (location === undefined) {
    throw options.withheld.length === 0
      ? refusal
      : refusal.because(`Not sent there, because it is another origin: ${options.withheld.join(', ')}.`);
  }
  const target = resolve(location, options.url);
  const shown = target ? withoutCredentials(target).href : redacted(location);
  const because = (reason: string): Refusal => refusal.because(`It points to ${shown}. ${reason}`);
  if (!options.followRedirects) {
    throw because('--location follows redirects.');
  }
  if (!target) {
    throw because('That is not the address of a WebSocket.');
  }
  if (options.http2 && !isSecure(target)) {
    throw because('--http2 is for wss:// addresses.');
  }
  if (count === LIMIT) {
    throw because(`Only ${LIMIT} redirects are followed.`);
  }
  try {
    return redirected(options, target);
  } catch (error) {
    // The proxy for the new address, as the environment has it, cannot be used.
    throw because((error as Error).message);
  }
}

/** An address in a Location header, which may be relative; undefined for one that redirects do not lead to. */
function resolve(location: string, from: URL): URL | undefined {
  const base = requestUrl(from);
  const target = webSocketUrl(location, base);
  if (!target || isUnix(target)) {
    return undefined;
  }
  target.hash = '';
  return isUnix(from) && target.origin === base.origin ? atSameSocket(from, target) : target;
}

/**
 * At another origin (RFC 6454) neither the credentials and the certificate of the client apply, nor what was said about
 * the server's place and name.
 */
function redirected<O extends RedirectableOptions>(options: O, target: URL): O {
  const url = withoutCredentials(target);
  const own = urlAuthorization(target);
  const added: readonly Header[] = own === undefined ? [] : [['Authorization', own]];
  const isSameOrigin = requestUrl(url).origin === requestUrl(options.url).origin && isUnix(url) === isUnix(options.url);
  const dropped = isSameOrigin ? added.map(([name]) => name.toLowerCase()) : ORIGIN_HEADERS;
  const isDropped = ([name]: Header): boolean => dropped.includes(name.toLowerCase());
  const headers = [...options.headers.filter((header) => !isDropped(header)), ...added];
  if (isSameOrigin) {
    const isElsewhere = options.endpoint.href !== options.url.href;
    return { ...options, url, headers, endpoint: isElsewhere ? options.endpoint : url };
  }
  const { ca, rejectUnauthorized } = options.tls;
  const withheld = options.headers.map(([name]) => name).filter((name) => CREDENTIALS.includes(name.toLowerCase()));
  return {
    ...options,
    url,
    headers,
    endpoint: url,
    withheld: [...options.withheld, ...withheld],
    tls: { ca, rejectUnauthorized },
    proxy: options.proxyOf(url),
  };
}
