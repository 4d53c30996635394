import { UsageError, type ConnectFlags } from '../command-line.js';
import { parseProxy } from '../option-values.js';
import { basicAuthorization, isSecure, isUnix, redacted, urlAuthorization, withoutCredentials } from './address.js';
import type { ConnectOptions } from './connect.js';
import { proxyVariable } from './proxy-variable.js';
import { readTlsOptions } from './tls-options.js';

/** Where secrets are in neither the list of processes nor the shell's history. */
export const AUTH_VARIABLE = 'NEST_WS_ECHO_AUTH';
export const TOKEN_VARIABLE = 'NEST_WS_ECHO_TOKEN';

/**
 * How to connect, from the command line and the environment.
 *
 * @throws UsageError that names the option at fault
 */
export function connectOptions(url: URL, flags: ConnectFlags, environment: NodeJS.ProcessEnv): ConnectOptions {
  checkScheme(url, flags);
  const { header = [], subprotocol = [], connectTo } = flags;
  const credentials = authorization(url, flags, environment);
  const endpoint = connectTo === undefined ? url : new URL(`${url.protocol}//${connectTo}`);
  const proxyOf = (place: URL): URL | undefined =>
    flags.proxy === false ? undefined : (flags.proxy ?? environmentProxy(place, environment));
  return {
    url: withoutCredentials(url),
    endpoint: withoutCredentials(endpoint),
    headers: credentials === undefined ? header : [...header, ['Authorization', credentials]],
    origin: flags.origin,
    subprotocols: [...new Set(subprotocol)],
    tls: readTlsOptions(flags, environment),
    http2: flags.http2 ?? false,
    proxy: proxyOf(endpoint),
    proxyOf,
    compress: flags.compress ?? false,
    timeout: flags.connectTimeout,
    followRedirects: flags.location ?? false,
    withheld: [],
  };
}

function checkScheme(url: URL, { http2, servername, connectTo, proxy }: ConnectFlags): void {
  for (const [option, value] of Object.entries({ '--http2': http2, '--servername': servername })) {
    if (value !== undefined && !isSecure(url)) {
      throw new UsageError(`${option} is for wss:// addresses, which have TLS; this one is ${url.protocol}//.`);
    }
  }
  for (const [option, value] of Object.entries({ '--connect-to': connectTo, '--proxy': proxy || undefined })) {
    if (value !== undefined && isUnix(url)) {
      throw new UsageError(`${option} is for addresses with a host and a port; this one is a Unix socket.`);
    }
  }
}

/**
 * The Authorization header: of --auth, else of the address, else of the environment.
 *
 * @returns undefined when there is none, or when --header brings its own
 * @throws UsageError when a user has no password
 */
function authorization(
  url: URL,
  { auth, header = [] }: Pick<ConnectFlags, 'auth' | 'header'>,
  { [AUTH_VARIABLE]: user, [TOKEN_VARIABLE]: token }: NodeJS.ProcessEnv,
): string | undefined {
  if (header.some(([name]) => name.toLowerCase() === 'authorization')) {
    return undefined;
  }
  if (auth !== undefined) {
    return basic(auth, '--auth');
  }
  return urlAuthorization(url) ?? (user ? basic(user, AUTH_VARIABLE) : token ? `Bearer ${token}` : undefined);
}

function basic(credentials: string, source: string): string {
  if (!credentials.includes(':')) {
    // Not quoted: it may be a secret.
    throw new UsageError(`${source} has no colon; accepted: user:password`);
  }
  return basicAuthorization(credentials);
}

function environmentProxy(url: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  const variable = proxyVariable(url, environment);
  if (variable === undefined) {
    return undefined;
  }
  const address = environment[variable] ?? '';
  try {
    return parseProxy(address);
  } catch (error) {
    throw new UsageError(
      `${variable} is "${redacted(address)}". ${(error as Error).message} --no-proxy goes without it.`,
    );
  }
}
