import { parsed } from './parsed.js';

/** A host and port to listen on. Host `*` means all addresses of this machine, port 0 any free port. */
export interface HttpAddress {
  scheme: 'http' | 'https';
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

const defaultPorts = { http: 80, https: 443 };

/**
 * Reads what `--urls` takes: one or more of `http://host:port` and `https://host:port`, separated by `;`. The host may be
 * `*` or `+`; the port is 80 or 443 when it is left out.
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
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const { protocol, hostname, port } = new URL(text);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  // URL leaves out the port that the scheme has by default.
  const number = port === '' ? defaultPorts[scheme] : Number(port);
  return { scheme, host: anyHost.has(hostname) ? '*' : hostname, port: number };
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
  return /^\d+$/.test(text) && port <= 65_535 ? [{ scheme: 'http', host: '0.0.0.0', port }] : undefined;
}

/** Whether only this machine can reach an address. A named pipe cannot be told. */
export function isLoopback(address: ListenAddress): boolean {
  return 'host' in address && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i.test(address.host);
}

/** The address as people write it, for the log and for errors. */
export function formatAddress(address: ListenAddress): string {
  return 'path' in address ? address.path : `${address.scheme}://${address.host}:${address.port}`;
}

/** The addresses behind `--urls` and `URLS`. */
export const urls = parsed(
  parseUrls,
  'http://host:port or https://host:port such as http://localhost:5000 or https://*:5001, several separated by ";", ' +
    'without a path',
);

/** The address behind `PORT`. */
export const port = parsed(parsePort, 'a port number from 0 to 65535, or a named pipe such as \\\\.\\pipe\\name');
