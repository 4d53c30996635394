import { parsed } from './option-values.js';

/** A host and port to listen on. The host `*` means all addresses of this machine, the port 0 any free port. */
export interface HttpAddress {
  scheme: 'http' | 'https';
  host: string;
  port: number;
}

/** A Unix socket to listen on, or a Windows named pipe. IIS passes a pipe to the process behind it. */
export interface PathAddress {
  path: string;
}

/** A socket that listens already, by its file descriptor. systemd passes such sockets. */
export interface DescriptorAddress {
  scheme: 'http' | 'https';
  fd: number;
}

export type ListenAddress = HttpAddress | PathAddress | DescriptorAddress;

/** The hosts that mean "all addresses of this machine" in ASP.NET Core. */
const anyHost = new Set(['*', '+']);

const defaultPorts = { http: 80, https: 443 };

/** The longest path of a Unix socket, in bytes, that all systems take. Node.js 20 shortens a longer one silently. */
const MAX_SOCKET_PATH = 103;

/**
 * Parses the value of `--urls`: one or more of `http://host:port`, `https://host:port` and `http://unix:/path`, separated by
 * `;`. The host may be `*` or `+`. The default port is 80 or 443.
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

function parseUrl(text: string): HttpAddress | PathAddress | undefined {
  const [, path] = /^http:\/\/unix:(\/.*)$/i.exec(text) ?? [];
  if (path !== undefined) {
    return path.endsWith('/') || Buffer.byteLength(path) > MAX_SOCKET_PATH ? undefined : { path };
  }
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

/** The number of the first socket that systemd passes. */
const FIRST_DESCRIPTOR = 3;

/**
 * The sockets that systemd passes to this process (sd_listen_fds(3)): `LISTEN_FDS` of them. The name `https` among
 * `LISTEN_FDNAMES`, which are separated by `:`, stands for TLS.
 */
export function passedSockets(count: number, names = ''): DescriptorAddress[] {
  const schemes = names.split(':');
  return Array.from({ length: count }, (_, i) => ({
    scheme: schemes[i] === 'https' ? 'https' : 'http',
    fd: FIRST_DESCRIPTOR + i,
  }));
}

/** Whether only this machine can connect to an address. A Unix socket or a passed socket does not count: it is for a proxy. */
export function isLoopback(address: ListenAddress): boolean {
  return 'host' in address && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i.test(address.host);
}

/** Whether clients speak TLS at an address. */
export function isHttps(address: ListenAddress): boolean {
  return 'scheme' in address && address.scheme === 'https';
}

/** The text of an address, for the log and for errors. */
export function formatAddress(address: ListenAddress): string {
  if ('path' in address) {
    return address.path.startsWith('/') ? `http://unix:${address.path}` : address.path;
  }
  return 'fd' in address
    ? `the socket ${address.fd} of LISTEN_FDS`
    : `${address.scheme}://${address.host}:${address.port}`;
}

/** The addresses in `--urls` and `URLS`. */
export const urls = parsed(
  parseUrls,
  'http://host:port or https://host:port such as http://localhost:5000 or https://*:5001, without a path, or ' +
    `http://unix:/path of at most ${MAX_SOCKET_PATH} bytes, several separated by ";"`,
);

/** The address in `PORT`. */
export const port = parsed(parsePort, 'a port number from 0 to 65535, or a named pipe such as \\\\.\\pipe\\name');
