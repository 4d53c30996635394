import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refusal.js';

/** A name, an IPv4 address or an IPv6 address in brackets, and a port or none (RFC 3986 section 3.2.2). May be empty. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/i;

/** Whether a text is a host, with a port or without. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/**
 * Why the Host header of a request is refused: it is malformed, or there are several (RFC 9112 section 3.2). Node.js
 * checks neither; it does check whether there is one.
 */
export function refusalOfHost({ headers, rawHeaders }: IncomingMessage): Refusal | undefined {
  if (headers.host === undefined) {
    return undefined;
  }
  // Of several, `headers` has the first alone, or the host of a target in absolute form.
  const hosts = rawHeaders.filter((_value, i) => i % 2 === 1 && isHostName(rawHeaders[i - 1]));
  if (hosts.length === 1 && HOST.test(hosts[0]) && HOST.test(headers.host)) {
    return undefined;
  }
  const message = `Host is ${JSON.stringify(hosts.length === 1 ? headers.host : hosts.join(', '))}; one host is accepted, with a port or without.`;
  return { status: 400, reason: 'malformed', message, headers: {} };
}

/** The length is compared first, because each handshake has a dozen other headers. */
function isHostName(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}

/**
 * Why the authority of an HTTP/2 request is refused: it is malformed, or has user information (RFC 9113 section 8.3.1).
 *
 * @param authority `:authority`, or Host where the request has that alone
 */
export function refusalOfAuthority(authority: string | undefined): Refusal | undefined {
  if (authority === undefined || HOST.test(authority)) {
    return undefined;
  }
  const message = `:authority is ${JSON.stringify(authority)}; one host is accepted, with a port or without.`;
  return { status: 400, reason: 'malformed', message, headers: {} };
}

/**
 * Rewrites a target in absolute form as the path and query that routers know. Its host takes the place of the Host header
 * (RFC 9112 section 3.2.2).
 */
export function useOriginForm(request: IncomingMessage): void {
  const [, host, target] = /^(?:http|ws)s?:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? '') ?? [];
  if (host !== undefined) {
    request.headers.host = host;
    request.url = target.startsWith('/') ? target : `/${target}`;
  }
}
