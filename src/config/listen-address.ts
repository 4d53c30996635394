import { parsed } from './parsed.js';

/** A host and port to listen on. Host `*` means all addresses of this machine, port 0 any free port. */
export interface HttpAddress {
  host: string;
  port: number;
}

/** A Windows named pipe to listen on, as IIS hands it to the process behind it. */
export interface PipeAddress {
  path: string;
}

export type ListenAddress = HttpAddress | PipeAddress;

/** What ASP.NET Core writes for "all addresses of this machine". */
const anyHost = new Set(['*', '+']);

/**
 * Reads what `--urls` takes: one or more of `http://host:port`, separated by `;`. The host may be `*` or `+`, the
 * port is 80 when it is left out.
 *
 * @returns undefined when one of them is anything else, or when there is none
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
  // Anything behind the host, a user name too, would be ignored silently; that is refused before URL hides it.
  if (!/^http:\/\/[^/\\?#@\s]+\/?$/i.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const { hostname, port } = new URL(text);
  return { host: anyHost.has(hostname) ? '*' : hostname, port: port === '' ? 80 : Number(port) };
}

/**
 * Reads what hosting platforms put into `PORT`: a port number, then served on every IPv4 address, or the named pipe
 * on which IIS expects the process (`\\.\pipe\...`).
 *
 * @returns undefined when it is anything else
 */
export function parsePort(text: string): ListenAddress[] | undefined {
  if (/^\\\\[.?]\\pipe\\./i.test(text)) {
    return [{ path: text }];
  }
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? [{ host: '0.0.0.0', port }] : undefined;
}

/** The address as people write it, for the log and for errors. */
export function formatAddress(address: ListenAddress): string {
  return 'path' in address ? address.path : `http://${address.host}:${address.port}`;
}

/** The addresses behind `--urls` and `URLS`. */
export const urls = parsed(
  parseUrls,
  'http://host:port such as http://localhost:5000 or http://*:5000, several separated by ";", without a path ' +
    '(https is not offered yet)',
);

/** The address behind `PORT`. */
export const port = parsed(parsePort, 'a port number from 0 to 65535, or a named pipe such as \\\\.\\pipe\\name');
