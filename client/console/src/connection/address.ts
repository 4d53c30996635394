/** The ports that an address leaves out. */
const DEFAULT_PORTS: Record<string, number> = {
  'ws:': 80,
  'http:': 80,
  'wss:': 443,
  'https:': 443,
  'socks5:': 1080,
  'socks5h:': 1080,
};

/**
 * Reads the address of a WebSocket: `ws:` or `wss:`, also written as `http:` or `https:`, or a Unix socket,
 * `ws+unix:/path/to/socket:/path?query`, as `ws` writes it, and `wss+unix:` with TLS.
 *
 * @param base what a relative address starts from
 * @returns undefined for any other text
 */
export function webSocketUrl(text: string, base?: URL): URL | undefined {
  if (!URL.canParse(text, base?.href)) {
    return undefined;
  }
  const url = new URL(text, base);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  const isComplete = isUnix(url) ? url.host === '' && url.pathname !== '' : url.host !== '';
  return isComplete && /^wss?(\+unix)?:$/.test(url.protocol) ? url : undefined;
}

/** Whether the address is that of a Unix socket. */
export function isUnix(url: URL): boolean {
  return url.protocol.endsWith('+unix:');
}

/** The path of the Unix socket that the address names. */
export function socketPathOf(url: URL): string {
  return decode(splitUnixPath(url).socket);
}

/** What the HTTP request asks for: the address itself, or localhost where the address is a Unix socket. */
export function requestUrl(url: URL): URL {
  return isUnix(url)
    ? new URL(`${isSecure(url) ? 'wss' : 'ws'}://localhost${splitUnixPath(url).path}${url.search}`)
    : url;
}

/** The same Unix socket with the path and the query of another address. */
export function atSameSocket(url: URL, { pathname, search }: URL): URL {
  return new URL(`${url.protocol}${splitUnixPath(url).socket}:${pathname}${search}`);
}

/** The socket ends at the first colon before a slash, so a socket may have colons in its own name. */
function splitUnixPath({ pathname }: URL): { socket: string; path: string } {
  const [, socket = '', path = '/'] = /^(.+?)(?::(\/.*)?)?$/.exec(pathname) ?? [];
  return { socket, path };
}

/** The host of an address, an IPv6 one without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The port of an address, also where it is the scheme's own and not written. */
export function portOf(url: URL): number {
  return Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0);
}

/** Whether TLS is spoken there. */
export function isSecure(url: URL): boolean {
  return /^(wss|https)\b/.test(url.protocol);
}

/** An address without its credentials, fit to be shown. */
export function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** The user and the password in an address, if one of them is there. */
export function credentialsOf({ username, password }: URL): { user: string; password: string } | undefined {
  return username || password ? { user: decode(username), password: decode(password) } : undefined;
}

/** The header for the user and the password in an address, if they are there (RFC 7617). */
export function urlAuthorization(url: URL): string | undefined {
  const credentials = credentialsOf(url);
  return credentials && basicAuthorization(`${credentials.user}:${credentials.password}`);
}

/** The header for `user:password` (RFC 7617). */
export function basicAuthorization(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** An address as it was typed, right or wrong, without what may be a password in it. */
export function redacted(text: string): string {
  return text
    .replace(/^([a-z][\w+.-]*:\/+)?.*@/is, '$1***@')
    .replace(/^((?:[a-z][\w+.-]*:\/+)?[^/?#:[\]]*):(?!\d*(?:[/?#]|$))[^/?#]*/i, '$1:***');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
