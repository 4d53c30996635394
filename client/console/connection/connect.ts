import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectError } from './connect-error.js';
import { explainFailure } from './explain-failure.js';
import { FrameTap, type FrameObserver } from './frame-tap.js';
import { HTTP2_PROTOCOLS, openHttp2 } from './open-http2.js';
import { shakeHands, type OpenWebSocket, type RequestOptions } from './shake-hands.js';
import { openTransport, type Route } from './transport.js';

/** What is asked of which server, and on which way. */
export interface ConnectOptions extends Route, RequestOptions {
  /** Whether the WebSocket is opened over HTTP/2 (RFC 8441). */
  readonly http2: boolean;
  /** How long it may take until the connection is open, in milliseconds; 0 for as long as it likes. */
  readonly timeout: number;
}

/** An open WebSocket, and the TCP or TLS connection below it, which counts bytes. */
export interface Connection extends OpenWebSocket {
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
  const { url, timeout } = options;
  const deadline = timeout > 0 ? AbortSignal.timeout(timeout) : new AbortController().signal;
  let transport: Socket | undefined;
  try {
    const signal = AbortSignal.any([interrupt, deadline]);
    transport = await openTransport(options, options.http2 ? HTTP2_PROTOCOLS : ['http/1.1'], signal);
    const http2 = options.http2 ? await openHttp2(transport, url, signal) : undefined;
    const socket = http2 ?? transport;
    const tapped = onFrame ? new FrameTap(socket, onFrame) : socket;
    return { transport, stream: tapped, ...(await shakeHands(tapped, options, signal, () => http2?.handshake)) };
  } catch (error) {
    transport?.destroy();
    interrupt.throwIfAborted();
    if (deadline.aborted) {
      const seconds = timeout / 1000;
      throw new ConnectError(`Cannot connect to ${url.href}: no answer within ${seconds} s (--connect-timeout).`, true);
    }
    throw explainFailure(error, url);
  }
}
