import { once } from 'node:events';
import { connect } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { requestUrl } from './address.js';
import { ConnectError } from './connect-error.js';
import { Http2Socket } from './http2-socket.js';

/** What is offered in the TLS handshake: a server without HTTP/2 chooses the other one, instead of failing. */
export const HTTP2_PROTOCOLS = ['h2', 'http/1.1'];

/**
 * Begins HTTP/2 on a connection for which it was offered, and waits until the server says that it takes WebSockets there
 * (RFC 8441 section 3).
 *
 * @throws ConnectError when the server has no HTTP/2, or no WebSockets over it
 */
export async function openHttp2(transport: Socket, url: URL, signal: AbortSignal): Promise<Http2Socket> {
  if (!(transport instanceof TLSSocket) || transport.alpnProtocol !== 'h2') {
    throw new ConnectError(
      `Cannot connect to ${url.href} over HTTP/2: the server does not offer it. Without --http2 it is HTTP/1.1.`,
      false,
    );
  }
  const { host } = requestUrl(url);
  const session = connect(`https://${host}`, { createConnection: () => transport });
  await once(session, 'remoteSettings', { signal });
  if (!session.remoteSettings.enableConnectProtocol) {
    session.destroy();
    throw new ConnectError(
      `Cannot connect to ${url.href} over HTTP/2: the server speaks it, but takes no WebSockets over it (RFC 8441). Without --http2 it is HTTP/1.1.`,
      false,
    );
  }
  return new Http2Socket(session, host);
}
