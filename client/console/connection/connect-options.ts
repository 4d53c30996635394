import { UsageError, type ConnectFlags } from '../flags.js';
import { parseProxy } from '../option-values.js';
import { isSecure, withoutCredentials } from './address.js';
import type { ConnectOptions } from './connect.js';
import { authorization } from './credentials.js';
import { proxyVariable } from './proxy.js';
import { readTlsOptions } from './tls-options.js';

/**
 * How to connect, from the command line and the environment.
 *
 * @throws UsageError that names the option at fault
 */
export function connectOptions(url: URL, flags: ConnectFlags, environment: NodeJS.ProcessEnv): ConnectOptions {
  if (flags.http2 && !isSecure(url)) {
    throw new UsageError(`--http2 is for wss:// addresses, where TLS offers it; this one is ${url.protocol}//.`);
  }
  const { header = [], subprotocol = [] } = flags;
  const credentials = authorization(url, flags, environment);
  return {
    url: withoutCredentials(url),
    headers: credentials === undefined ? header : [...header, ['Authorization', credentials]],
    origin: flags.origin,
    subprotocols: [...new Set(subprotocol)],
    tls: readTlsOptions(flags),
    http2: flags.http2 ?? false,
    proxy: flags.proxy === false ? undefined : (flags.proxy ?? environmentProxy(url, environment)),
    compress: flags.compress ?? false,
    timeout: flags.connectTimeout,
  };
}

function environmentProxy(url: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  const variable = proxyVariable(url, environment);
  if (variable === undefined) {
    return undefined;
  }
  const address = environment[variable] ?? '';
  try {
    // As elsewhere, an address without a scheme is one of http.
    return parseProxy(address.includes('://') ? address : `http://${address}`);
  } catch (error) {
    throw new UsageError(`${variable} is "${address}". ${(error as Error).message}`);
  }
}
