import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectError, Refusal } from './connect-error.js';
import { ConnectTimeout, explainFailure } from './explain-failure.js';
import { FrameTap, type FrameObserver } from './frame-tap.js';
import type { Handshake } from './handshake.js';
import { HTTP2_PROTOCOLS, openHttp2 } from './open-http2.js';
import { followRedirect, type RedirectableOptions } from './redirect.js';
import { shakeHands, type OpenWebSocket } from './open-web-socket.js';
import { openTransport } from './transport.js';

/** What is asked of which server, and on which way. */
export interface ConnectOptions extends RedirectableOptions {
  /** How long it may take until the connection is open, in milliseconds; 0 for as long as it likes. */
  readonly timeout: number;
}

/** An open WebSocket, and the TCP or TLS connection below it, which counts bytes. */
export interface Connection extends OpenWebSocket {
  /** Where it is open: another address than that of the options after a redirect. */
  readonly url: URL;
  /** The redirects before it. */
  readonly redirects: readonly Handshake[];
  readonly transport: Socket;
  /** What carries the WebSocket's frames, and nothing but them: the TCP or TLS connection, or a stream of HTTP/2. */
  readonly stream: Duplex;
}

/**
 * Opens a WebSocket.
 *
 * @param interrupt gives up; the promise is then rejected with its reason
 * @param onFrame is told of every frame in both directions
 * @throws ConnectError that says why there is none; a Refusal when there is an answer
 */
export async function connect(
  options: ConnectOptions,
  interrupt: AbortSignal,
  onFrame?: FrameObserver,
): Promise<Connection> {
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
        if (!(error instanceof Refusal)) throw error;
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
): Promise<Omit<Connection, 'url' | 'redirects'>> {
  const { url, endpoint } = options;
  let transport: Socket | undefined;
  try {
    transport = await openTransport(options, options.http2 ? HTTP2_PROTOCOLS : ['http/1.1'], signal);
    const http2 = options.http2 ? await openHttp2(transport, url, signal) : undefined;
    const socket = http2 ?? transport;
    const tapped = onFrame ? new FrameTap(socket, onFrame) : socket;
    return { transport, stream: tapped, ...(await shakeHands(tapped, options, signal, () => http2?.handshake)) };
  } catch (error) {
    transport?.destroy();
    const place = endpoint.href === url.href ? url.href : `${url.href} at ${endpoint.host}`;
    throw explainFailure(signal.aborted && !(error instanceof ConnectError) ? signal.reason : error, url, place);
  }
}
