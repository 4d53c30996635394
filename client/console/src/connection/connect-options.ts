import { UsageError, type ConnectArguments } from '../command-line.js';
import { parseProxy } from '../option-values.js';
import { basicAuthorization, isSecure, isUnix, redacted, urlAuthorization, withoutCredentials } from './address.js';
import type { ConnectOptions } from './connect.js';
import { proxyVariable } from './proxy-variable.js';
import { readTlsOptions } from './tls-options.js';

/** Variables for secrets, which keep them out of the process list and the shell's history. */
export const AUTH_VARIABLE = 'NEST_WS_ECHO_AUTH';
export const TOKEN_VARIABLE = 'NEST_WS_ECHO_TOKEN';

/**
 * The options of a connection, from the command line and the environment.
 *
 * @throws UsageError that names the option at fault
 */
export function connectOptions(
  url: URL,
  commandLine: ConnectArguments,
  environment: NodeJS.ProcessEnv,
): ConnectOptions {
  checkScheme(url, commandLine);
  const { header = [], subprotocol = [], connectTo } = commandLine;
  const credentials = authorization(url, commandLine, environment);
  const endpoint = connectTo === undefined ? url : new URL(`${url.protocol}//${connectTo}`);
  const proxyOf = (place: URL): URL | undefined =>
    commandLine.proxy === false ? undefined : (commandLine.proxy ?? environmentProxy(place, environment));
  return {
    url: withoutCredentials(url),
    endpoint: withoutCredentials(endpoint),
    headers: credentials === undefined ? header : [...header, ['Authorization', credentials]],
    origin: commandLine.origin,
    subprotocols: [...new Set(subprotocol)],
    tls: readTlsOptions(commandLine, environment),
    http2: commandLine.http2 ?? false,
    proxy: proxyOf(endpoint),
    proxyOf,
    compress: commandLine.compress ?? false,
    timeout: commandLine.connectTimeout,
    followRedirects: commandLine.location ?? false,
    withheld: [],
  };
}

function checkScheme(url: URL, { http2, servername, connectTo, proxy }: ConnectArguments): void {
  for (const [option, value] of Object.entries({ '--http2': http2, '--servername': servername })) {
    if (value !== undefined && !isSecure(url)) {
      throw new UsageError(`${option} is for wss:// addresses, which use TLS; this one is ${url.protocol}//.`);
    }
  }
  for (const [option, value] of Object.entries({ '--connect-to': connectTo, '--proxy': proxy || undefined })) {
    if (value !== undefined && isUnix(url)) {
      throw new UsageError(`${option} is for addresses with a host and a port; this one is a Unix socket.`);
    }
  }
}

/**
 * The Authorization header: from --auth, otherwise from the address, otherwise from the environment.
 *
 * @returns undefined without credentials, and if --header sets the header
 * @throws UsageError if a user has no password
 */
function authorization(
  url: URL,
  { auth, header = [] }: Pick<ConnectArguments, 'auth' | 'header'>,
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
    // The value is not quoted, because it may be a secret.
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
    throw new UsageError(`${variable} is "${redacted(address)}". ${(error as Error).message} --no-proxy ignores it.`);
  }
}
