/** The default ports of schemes. */
const DEFAULT_PORTS: Record<string, number> = {
  'ws:': 80,
  'http:': 80,
  'wss:': 443,
  'https:': 443,
  'socks5:': 1080,
  'socks5h:': 1080,
};

/**
 * Parses the address of a WebSocket: `ws:` or `wss:`, also in the form `http:` or `https:`, or a Unix socket,
 * `ws+unix:/path/to/socket:/path?query` as in `ws`, and `wss+unix:` with TLS.
 *
 * @param base the base of a relative address
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

/** The URL of the HTTP request: the address, or `localhost` for a Unix socket. */
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

/** The host of an address, without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The port of an address, or the default port of its scheme. */
export function portOf(url: URL): number {
  return Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0);
}

/** Whether the scheme stands for TLS. */
export function isSecure(url: URL): boolean {
  return /^(wss|https)\b/.test(url.protocol);
}

/** An address without its credentials, for messages. */
export function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** The user and the password in an address; undefined if it has neither. */
export function credentialsOf({ username, password }: URL): { user: string; password: string } | undefined {
  return username || password ? { user: decode(username), password: decode(password) } : undefined;
}

/** The Authorization header for the credentials in an address (RFC 7617); undefined if it has none. */
export function urlAuthorization(url: URL): string | undefined {
  const credentials = credentialsOf(url);
  return credentials && basicAuthorization(`${credentials.user}:${credentials.password}`);
}

/** The Authorization header for `user:password` (RFC 7617). */
export function basicAuthorization(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** The text of a valid or invalid address, with everything that may be a password replaced. */
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
