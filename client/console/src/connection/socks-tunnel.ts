import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { LONGEST_DELAY } from '../amounts.js';
import { credentialsOf, hostOf, portOf, withoutCredentials } from './address.js';
import { ConnectError } from './connect-error.js';
import { explainFailure } from './explain-failure.js';
import { openSocket } from './open-socket.js';

/** What a SOCKS5 proxy answers (RFC 1928 section 6), by the name that `socks` gives it, and whether it may change. */
const REPLIES: Record<string, readonly [explanation: string, isPassing: boolean]> = {
  Failure: ['it failed without a reason', true],
  NotAllowed: ['its rules do not allow this', false],
  NetworkUnreachable: ['no network leads there', true],
  HostUnreachable: ['the host cannot be reached', true],
  ConnectionRefused: ['the server refused the connection', true],
  TTLExpired: ['the server is too many hops away', true],
  CommandNotSupported: ['it makes no tunnels', false],
  AddressNotSupported: ['it does not take this kind of address', false],
};

/**
 * Asks a SOCKS5 proxy for a connection to a server (RFC 1928, RFC 1929). The name of the server is looked up here for
 * `socks5:`, and by the proxy for `socks5h:`.
 *
 * @throws ConnectError when there is no proxy, or when it does not make the connection
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
      // The signal says when it has taken too long.
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

/** Looks up a name, but not for longer than the signal allows. */
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
  // The error of `socks` holds the password, so it is not passed on as the cause.
  if (error.name !== 'Error' || 'code' in error || !('options' in error)) {
    return explainFailure(error, proxy);
  }
  if (error.message === 'Socket closed') {
    return explainFailure(Object.assign(new Error(error.message), { code: 'ECONNRESET' }), proxy);
  }
  const [, reply = ''] = / - (\w+)$/.exec(error.message) ?? [];
  const [explanation, isPassing] = REPLIES[reply] ?? [error.message, false];
  return new ConnectError(
    `Cannot connect to ${server.href}: the proxy ${proxy.href} refused: ${explanation}.`,
    isPassing,
  );
}
