import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { LONGEST_DELAY } from '../amounts.js';
import { credentialsOf, hostOf, portOf, withoutCredentials } from './address.js';
import { ConnectError } from './connect-error.js';
import { explainFailure } from './explain-failure.js';
import { openSocket } from './open-socket.js';

/** The replies of a SOCKS5 proxy (RFC 1928 section 6), by their names in `socks`, and whether they are transient. */
const REPLIES: Record<string, readonly [explanation: string, isTransient: boolean]> = {
  Failure: ['it failed and gave no reason', true],
  NotAllowed: ['its rules do not allow this connection', false],
  NetworkUnreachable: ['the network has no route', true],
  HostUnreachable: ['the host cannot be reached', true],
  ConnectionRefused: ['the server refused the connection', true],
  TTLExpired: ['the server is too many hops away', true],
  CommandNotSupported: ['it does not support tunnels', false],
  AddressNotSupported: ['it does not support this type of address', false],
};

/**
 * Opens a connection to a server through a SOCKS5 proxy (RFC 1928, RFC 1929). With `socks5:` this client resolves the
 * name of the server, with `socks5h:` the proxy does.
 *
 * @throws ConnectError if the proxy cannot be reached, or if it refuses
 */
export async function openSocksTunnel(proxy: URL, server: URL, signal: AbortSignal): Promise<Socket> {
  const name = hostOf(server);
  const host = proxy.protocol === 'socks5:' && isIP(name) === 0 ? await addressOf(name, signal) : name;
  const { user, password } = credentialsOf(proxy) ?? {};
  const shown = withoutCredentials(proxy);
  const { SocksClient } = await import('socks');
  let socket: Socket | undefined;
  const cut = (): unknown => socket?.destroy();
  signal.addEventListener('abort', cut);
  try {
    socket = await openSocket(proxy, signal);
    await SocksClient.createConnection({
      command: 'connect',
      proxy: { host: hostOf(proxy), port: portOf(proxy), type: 5, userId: user, password },
      destination: { host, port: portOf(server) },
      existing_socket: socket,
      // The signal has the time limit.
      timeout: LONGEST_DELAY,
    });
    return socket;
  } catch (error) {
    socket?.destroy();
    throw signal.aborted ? explainFailure(signal.reason, shown) : refusal(error as Error, shown, server);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** Resolves a name, unless the signal is aborted before. */
async function addressOf(name: string, signal: AbortSignal): Promise<string> {
  const done = new AbortController();
  const aborted = once(signal, 'abort', { signal: done.signal }).then(() => signal.throwIfAborted());
  aborted.catch(() => {});
  try {
    const found = await Promise.race([lookup(name), aborted]);
    return found?.address ?? name;
  } finally {
    done.abort();
  }
}

function refusal(error: Error, proxy: URL, server: URL): ConnectError {
  // The error of `socks` holds the password, so it does not become the cause.
  if (error.name !== 'Error' || 'code' in error || !('options' in error)) {
    return explainFailure(error, proxy);
  }
  if (error.message === 'Socket closed') {
    return explainFailure(Object.assign(new Error(error.message), { code: 'ECONNRESET' }), proxy);
  }
  const [, reply = ''] = / - (\w+)$/.exec(error.message) ?? [];
  const [explanation, isTransient] = REPLIES[reply] ?? [error.message, false];
  return new ConnectError(
    `Cannot connect to ${server.href}: the proxy ${proxy.href} refused: ${explanation}.`,
    isTransient,
  );
}
