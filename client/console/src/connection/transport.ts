import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { hostOf, isSecure, requestUrl } from './address.js';
import { opened, openSocket } from './open-socket.js';
import { openSocksTunnel } from './socks-tunnel.js';
import type { TlsOptions } from './tls-options.js';
import { openTunnel } from './http-tunnel.js';

/** The route to a server, below HTTP. */
export interface Route {
  readonly url: URL;
  /** The address whose host and port the client connects to: `url`, or that of --connect-to. */
  readonly endpoint: URL;
  /** undefined: no proxy. */
  readonly proxy?: URL;
  readonly tls: TlsOptions;
}

/**
 * Opens the connection below HTTP: TCP, a Unix socket or a tunnel through the proxy, with TLS if the scheme asks for it.
 *
 * @param protocols the protocols for ALPN (RFC 7301)
 * @throws the error of the network, of TLS or of the proxy
 */
export async function openTransport(
  { url, endpoint, proxy, tls }: Route,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  const socket = proxy ? await openProxyTunnel(proxy, endpoint, tls, signal) : await openSocket(endpoint, signal);
  if (!isSecure(url)) {
    return socket;
  }
  const { servername: host = hostOf(requestUrl(url)), ...options } = tls;
  const servername = isIP(host) === 0 ? host : '';
  return opened(
    connectTls({ ...options, socket, host, servername, ALPNProtocols: [...protocols] }),
    'secureConnect',
    signal,
  );
}

function openProxyTunnel(proxy: URL, server: URL, tls: TlsOptions, signal: AbortSignal): Promise<Socket> {
  return proxy.protocol.startsWith('socks')
    ? openSocksTunnel(proxy, server, signal)
    : openTunnel(proxy, server, tls, signal);
}
