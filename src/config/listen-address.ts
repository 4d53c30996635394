import { parsed } from './option-values.js';

/** A host and port to listen on. The host `*` means all addresses of this machine, the port 0 any free port. */
export interface HttpAddress {
  scheme: 'http' | 'https';
  host: string;
  port: number;
}

/** A Windows named pipe to listen on. IIS passes one to the process behind it. */
export interface PipeAddress {
  path: string;
}

export type ListenAddress = HttpAddress | PipeAddress;

/** The hosts that mean "all addresses of this machine" in ASP.NET Core. */
const anyHost = new Set(['*', '+']);

const defaultPorts = { http: 80, https: 443 };

/**
 * Parses the value of `--urls`: one or more of `http://host:port` and `https://host:port`, separated by `;`. The host may be
 * `*` or `+`. The default port is 80 or 443.
 *
 * @returns undefined if the list is empty, or has an entry of another form
 */
export function parseUrls(text: string): ListenAddress[] | undefined {
  const addresses = text
    .split(';')
    .map((url) => url.trim())
    .filter((url) => url !== '')
    .map(parseUrl);
  return addresses.length > 0 && addresses.every((address) => address !== undefined) ? addresses : undefined;
}

function parseUrl(text: string): HttpAddress | undefined {
  // A path, a query or a user name would be ignored in silence, so it is refused here.
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const { protocol, hostname, port } = new URL(text);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  // URL drops the default port of the scheme.
  const number = port === '' ? defaultPorts[scheme] : Number(port);
  return { scheme, host: anyHost.has(hostname) ? '*' : hostname, port: number };
}

/**
 * Parses `PORT`, which hosting platforms set: a port number, which means that port on every IPv4 address, or the named
 * pipe on which IIS expects the process (`\\.\pipe\...`).
 *
 * @returns undefined if the text is neither
 */
export function parsePort(text: string): ListenAddress[] | undefined {
  if (/^\\\\[.?]\\pipe\\./i.test(text)) {
    return [{ path: text }];
  }
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? [{ scheme: 'http', host: '0.0.0.0', port }] : undefined;
}

/** Whether only this machine can reach an address. A named pipe cannot be told. */
export function isLoopback(address: ListenAddress): boolean {
  return 'host' in address && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i.test(address.host);
}

/** Whether clients speak TLS at an address. */
export function isHttps(address: ListenAddress): address is HttpAddress {
  return 'scheme' in address && address.scheme === 'https';
}

/** The text of an address, for the log and for errors. */
export function formatAddress(address: ListenAddress): string {
  return 'path' in address ? address.path : `${address.scheme}://${address.host}:${address.port}`;
}

/** The addresses in `--urls` and `URLS`. */
export const urls = parsed(
  parseUrls,
  'http://host:port or https://host:port such as http://localhost:5000 or https://*:5001, several separated by ";", ' +
    'without a path',
);

/** The address in `PORT`. */
export const port = parsed(parsePort, 'a port number from 0 to 65535, or a named pipe such as \\\\.\\pipe\\name');
