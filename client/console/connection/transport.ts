import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { hostOf, isSecure, portOf } from './address.js';
import type { TlsOptions } from './tls-options.js';
import { openTunnel } from './tunnel.js';

/** The way to a server, below HTTP. */
export interface Route {
  readonly url: URL;
  /** undefined: straight to the server. */
  readonly proxy?: URL;
  readonly tls: TlsOptions;
}

/**
 * Opens the connection that HTTP is going to be spoken on: TCP, or a tunnel through the proxy, and TLS where the address
 * says so.
 *
 * @param protocols what to offer in the TLS handshake (ALPN, RFC 7301)
 * @throws what the network, TLS or the proxy says
 */
export async function openTransport(
  { url, proxy, tls }: Route,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  const host = hostOf(url);
  const socket = proxy
    ? await openTunnel(proxy, url, tls, signal)
    : await opened(connectTcp({ host, port: portOf(url), noDelay: true }), 'connect', signal);
  if (!isSecure(url)) {
    return socket;
  }
  const servername = isIP(host) === 0 ? host : '';
  return opened(
    connectTls({ ...tls, socket, host, servername, ALPNProtocols: [...protocols] }),
    'secureConnect',
    signal,
  );
}

async function opened<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
