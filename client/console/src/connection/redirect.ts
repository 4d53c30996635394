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
import type { RefusedError } from './connect-error.js';
import type { Header } from './handshake.js';
import type { RequestOptions } from './open-web-socket.js';
import type { Route } from './transport.js';

/** The options that a redirect changes. */
export interface RedirectableOptions extends Route, RequestOptions {
  /** Whether the WebSocket is opened over HTTP/2 (RFC 8441). */
  readonly http2: boolean;
  readonly followRedirects: boolean;
  /** The proxy for an address. */
  readonly proxyOf: (url: URL) => URL | undefined;
  /** The headers with credentials that were left out because a redirect led to another origin. */
  readonly withheld: readonly string[];
}

/** How many redirects are followed. More of them are probably a loop. */
const LIMIT = 10;

const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie'];

/** Headers that are for one origin only. */
const ORIGIN_HEADERS = [...CREDENTIALS, 'host'];

/**
 * The options for the target of a redirect (RFC 9110 section 15.4).
 *
 * @param count the number of redirects before this one
 * @throws RefusedError with the reason if the redirect is not followed
 */
export function followRedirect<O extends RedirectableOptions>(refusal: RefusedError, options: O, count: number): O {
  const { location } = refusal;
  if (location === undefined) {
    throw options.withheld.length === 0
      ? refusal
      : refusal.withReason(
          `These headers were not sent, because it is another origin: ${options.withheld.join(', ')}.`,
        );
  }
  const target = resolve(location, options.url);
  const shown = target ? withoutCredentials(target).href : redacted(location);
  const because = (reason: string): RefusedError => refusal.withReason(`It points to ${shown}. ${reason}`);
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
    // The environment names an invalid proxy for the new address.
    throw because((error as Error).message);
  }
}

/** Resolves the address in a Location header. @returns undefined for an address that is not allowed in a redirect */
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
 * The options for the target. If it has another origin (RFC 6454), the credentials, the client certificate, --connect-to
 * and --servername do not apply to it.
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
