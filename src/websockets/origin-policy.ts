/** What decides which origins may open WebSockets. */
export interface OriginOptions {
  readonly allowedOrigins: readonly string[];
  readonly requireOrigin: boolean;
}

/** What a browser sends as Origin, and what sent it. */
export interface OriginHeaders {
  readonly origin?: string;
  readonly host?: string;
}

/** Any origin. */
const ANY = '*';
/** The origin of the page that the server itself serves, whatever its name is. */
const SAME_ORIGIN = 'same-origin';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ws: '80', wss: '443' };

/** A scheme, a host that may start with `*.`, and a port. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/((?:\*\.)?[^/?#@:*\s[\]]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i;

/** What an entry of `allowedOrigins` may be, for errors. */
export const ACCEPTED_ORIGIN_ENTRY =
  'an origin such as https://client.com or https://*.client.com, without a path; "*", "same-origin" or "null"';

/** Whether `entry` can stand in `allowedOrigins`. An empty one can, and allows nothing. */
export function isOriginEntry(entry: unknown): boolean {
  return typeof entry === 'string' && (['', ANY, SAME_ORIGIN, 'null'].includes(entry) || ORIGIN.test(entry));
}

/**
 * Whether a WebSocket request may come from where its Origin header says (RFC 6455 section 10.2). The header protects
 * people whose browser was lured to a foreign page; anything but a browser forges it, so it authenticates nobody.
 *
 * Letter case and default ports do not matter. An empty list allows every origin.
 */
export function isOriginAllowed(
  { origin, host }: OriginHeaders,
  { allowedOrigins, requireOrigin }: OriginOptions,
): boolean {
  if (origin === undefined) {
    return !requireOrigin;
  }
  return allowedOrigins.length === 0 || allowedOrigins.some((entry) => allows(entry, origin, host));
}

function allows(entry: string, origin: string, host: string | undefined): boolean {
  if (entry === ANY) {
    return true;
  }
  if (entry === SAME_ORIGIN) {
    // Behind a proxy that ends TLS the server does not see the scheme; the host and its port have to do.
    const scheme = origin.split(':', 1)[0];
    return host !== undefined && normalized(origin) === normalized(`${scheme}://${host}`);
  }
  if (entry.includes('*')) {
    const [scheme, suffix] = normalized(entry).split('*');
    const actual = normalized(origin);
    const isLonger = actual.length > scheme.length + suffix.length;
    return ORIGIN.test(origin) && isLonger && actual.startsWith(scheme) && actual.endsWith(suffix);
  }
  return entry !== '' && normalized(entry) === normalized(origin);
}

/** The origin in lower case with its port; as it is when it is none, as `null` is. */
function normalized(origin: string): string {
  const [, scheme, host, port] = ORIGIN.exec(origin.toLowerCase()) ?? [];
  return scheme === undefined ? origin : `${scheme}://${host}:${port ?? DEFAULT_PORTS[scheme] ?? ''}`;
}
