/** What decides which origins may open WebSockets. */
export interface OriginOptions {
  readonly allowedOrigins: readonly string[];
  readonly requireOrigin: boolean;
}

/** What a browser sends as Origin, and what it sent that to. */
export interface OriginHeaders {
  readonly origin?: string;
  readonly host?: string;
  /** The scheme of the page's server. Undefined where it is not known: a proxy that ends TLS may be in front. */
  readonly scheme?: 'http' | 'https';
}

/** Any origin. */
const ANY = '*';
/** The origin of the page that the server itself serves, whatever its name is. */
const SAME_ORIGIN = 'same-origin';

/** A scheme, a host that may start with `*.` and that `file:` and its like leave out, and a port. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:(?:(?:\*\.)?[^/\\?#@:*\s[\]]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)?$/i;

/** What an entry of `allowedOrigins` may be, for errors. */
export const ACCEPTED_ORIGIN_ENTRY =
  'an origin such as https://client.com, https://*.client.com or file://, without a path; "*", "same-origin" or "null"';

/** Whether `entry` can stand in `allowedOrigins`. An empty one can, and allows nothing. */
export function isOriginEntry(entry: unknown): boolean {
  return (
    typeof entry === 'string' && (['', ANY, SAME_ORIGIN, 'null'].includes(entry) || serialized(entry) !== undefined)
  );
}

/**
 * Whether a WebSocket request may come from where its Origin header says (RFC 6455 section 10.2). The header protects
 * people whose browser was lured to a foreign page; anything but a browser forges it, so it authenticates nobody.
 *
 * Entries and headers are compared as browsers serialize origins: letter case, default ports and the form of an
 * international or numeric host do not matter. An empty list allows every origin.
 */
export function isOriginAllowed(
  { origin, ...server }: OriginHeaders,
  { allowedOrigins, requireOrigin }: OriginOptions,
): boolean {
  if (origin === undefined) {
    return !requireOrigin;
  }
  return allowedOrigins.length === 0 || allowedOrigins.some((entry) => allows(entry, origin, server));
}

function allows(entry: string, origin: string, { host, scheme }: Omit<OriginHeaders, 'origin'>): boolean {
  if (entry === ANY) {
    return true;
  }
  if (entry === origin) {
    return entry !== ''; // `null` is not an origin, but may be listed
  }
  const actual = serialized(origin);
  if (actual === undefined) {
    return false;
  }
  if (entry === SAME_ORIGIN) {
    // Where the scheme is not known, the host and its port have to do.
    return host !== undefined && actual === serialized(`${scheme ?? origin.split(':', 1)[0]}://${host}`);
  }
  const expected = serialized(entry);
  if (expected?.includes('*')) {
    const [prefix, suffix] = expected.split('*');
    return actual.length > prefix.length + suffix.length && actual.startsWith(prefix) && actual.endsWith(suffix);
  }
  return actual === expected;
}

/**
 * An origin as browsers serialize it, in lower case, with a host in Punycode and without a default port; a host may start
 * with `*.`. Undefined for what is not an origin.
 */
function serialized(origin: string): string | undefined {
  if (!ORIGIN.test(origin)) {
    return undefined;
  }
  try {
    const { protocol, host } = new URL(origin);
    return `${protocol}//${host}`.toLowerCase();
  } catch {
    return undefined;
  }
}
