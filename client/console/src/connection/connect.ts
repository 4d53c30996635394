import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectError, RefusedError } from './connect-error.js';
import { ConnectTimeout, explainFailure } from './explain-failure.js';
import { FrameTap, type FrameObserver } from './frame-tap.js';
import type { Handshake } from './handshake.js';
import { HTTP2_PROTOCOLS, openHttp2 } from './http2-socket.js';
import { followRedirect, type RedirectableOptions } from './redirect.js';
import { openWebSocket, type OpenWebSocket } from './open-web-socket.js';
import { openTransport } from './transport.js';

/** The server, the route to it, and the handshake. */
export interface ConnectOptions extends RedirectableOptions {
  /** How long opening the connection may take, in milliseconds; 0 for no limit. */
  readonly timeout: number;
}

/** An open WebSocket, and the TCP or TLS connection below it. */
export interface ClientConnection extends OpenWebSocket {
  /** The address of the server; after a redirect, not the address in the options. */
  readonly url: URL;
  /** The redirects that were followed. */
  readonly redirects: readonly Handshake[];
  readonly transport: Socket;
  /** The stream that carries only the frames of the WebSocket: the TCP or TLS connection, or an HTTP/2 stream. */
  readonly stream: Duplex;
}

/**
 * Opens a WebSocket.
 *
 * @param interrupt gives up; the promise is then rejected with its reason
 * @param onFrame called for each frame in both directions
 * @throws ConnectError if the connection cannot be opened; RefusedError if the server or the proxy refuses
 */
export async function connect(
  options: ConnectOptions,
  interrupt: AbortSignal,
  onFrame?: FrameObserver,
): Promise<ClientConnection> {
  const deadline = new AbortController();
  const timer =
    options.timeout > 0
      ? setTimeout(() => deadline.abort(new ConnectTimeout(options.timeout)), options.timeout)
      : undefined;
  const signal = AbortSignal.any([interrupt, deadline.signal]);
  const redirects: Handshake[] = [];
  try {
    for (let hop = options; ;) {
      try {
        return { ...(await connectOnce(hop, signal, onFrame)), url: hop.url, redirects };
      } catch (error) {
        interrupt.throwIfAborted();
        if (!(error instanceof RefusedError)) {
          throw error;
        }
        hop = followRedirect(error, hop, redirects.length);
        redirects.push(error.handshake);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

async function connectOnce(
  options: ConnectOptions,
  signal: AbortSignal,
  onFrame: FrameObserver | undefined,
): Promise<Omit<ClientConnection, 'url' | 'redirects'>> {
  const { url, endpoint } = options;
  let transport: Socket | undefined;
  try {
    transport = await openTransport(options, options.http2 ? HTTP2_PROTOCOLS : ['http/1.1'], signal);
    const http2 = options.http2 ? await openHttp2(transport, url, signal) : undefined;
    const socket = http2 ?? transport;
    const tapped = onFrame ? new FrameTap(socket, onFrame) : socket;
    return { transport, stream: tapped, ...(await openWebSocket(tapped, options, signal, () => http2?.handshake)) };
  } catch (error) {
    transport?.destroy();
    const place = endpoint.href === url.href ? url.href : `${url.href} at ${endpoint.host}`;
    throw explainFailure(signal.aborted && !(error instanceof ConnectError) ? signal.reason : error, url, place);
  }
}
