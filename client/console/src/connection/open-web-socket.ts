import type { ClientRequest, IncomingMessage } from 'node:http';
import type { createConnection } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { requestUrl } from './address.js';
import { ConnectError, Refusal } from './connect-error.js';
import {
  headerValue,
  requestHead,
  responseHead,
  statusLine,
  type Handshake,
  type Header,
  type RequestHead,
  type ResponseHead,
} from './handshake.js';
import { LARGEST_MESSAGE } from '../option-values.js';
import { readBody } from './response-body.js';

/** RFC 9110 section 15.4 */
const REDIRECTS = [301, 302, 303, 307, 308];

/** What is asked of the server. */
export interface RequestOptions {
  readonly url: URL;
  readonly headers: readonly Header[];
  readonly origin?: string;
  readonly subprotocols: readonly string[];
  /** Whether permessage-deflate is offered (RFC 7692). */
  readonly compress: boolean;
}

/** An open WebSocket. It is paused, so that nothing is missed until somebody listens. */
export interface OpenWebSocket {
  readonly webSocket: WebSocket;
  readonly handshake: Handshake;
}

/**
 * Asks for a WebSocket on a connection that is there.
 *
 * @param onTheWire what really went over it, where that is not what `ws` saw
 * @throws Refusal when the answer is another one; what `ws` finds wrong with it
 */
export function shakeHands(
  socket: Duplex,
  options: RequestOptions,
  signal: AbortSignal,
  onTheWire: () => Handshake | undefined,
): Promise<OpenWebSocket> {
  return new Promise((resolve, reject) => {
    let request: RequestHead | undefined;
    let handshake: Handshake | undefined;
    const record = (response: IncomingMessage): Handshake => {
      handshake = onTheWire() ?? { request: request!, response: responseHead(response) };
      return handshake;
    };
    const webSocket = new WebSocket(requestUrl(options.url), [...options.subprotocols], {
      // Any Duplex will do, say the documents of ws and of node:http; the types ask for a socket.
      createConnection: (() => socket) as unknown as typeof createConnection,
      origin: options.origin,
      // Small messages too: who asks for compression wants to see it.
      perMessageDeflate: options.compress && { threshold: 0 },
      maxPayload: LARGEST_MESSAGE,
      finishRequest: (clientRequest) => {
        addHeaders(clientRequest, options.headers);
        request = requestHead(clientRequest);
        clientRequest.end();
      },
    });
    const abort = (): void => webSocket.terminate();
    signal.addEventListener('abort', abort);
    webSocket.on('upgrade', record);
    webSocket.on('open', () => {
      signal.removeEventListener('abort', abort);
      webSocket.pause();
      resolve({ webSocket, handshake: handshake! });
    });
    webSocket.on('unexpected-response', (_, response) => {
      void refusal(options.url, record(response), response).then(reject);
    });
    // It stays, though later errors are not its business: an error that nobody listens to ends the process.
    webSocket.on('error', (error) => reject(handshake ? mistake(options, handshake.response, error) : error));
  });
}

/** The same name twice is two headers, but a name that is there already, such as Host, gets another value. */
function addHeaders(request: ClientRequest, headers: readonly Header[]): void {
  const added = new Set<string>();
  for (const [name, value] of headers) {
    if (added.has(name.toLowerCase())) {
      request.appendHeader(name, value);
    } else {
      request.setHeader(name, value);
    }
    added.add(name.toLowerCase());
  }
}

async function refusal(url: URL, handshake: Handshake, body: Readable): Promise<Refusal> {
  const { response } = handshake;
  const location = REDIRECTS.includes(response.status) ? headerValue(response, 'location') : undefined;
  const message = `${url.href} refused: ${statusLine(response)}.`;
  return new Refusal(message, handshake, await readBody(body, response), location);
}

/** A handshake that the server took, but not as RFC 6455 section 4.1 wants it. */
function mistake({ url, subprotocols }: RequestOptions, response: ResponseHead, error: Error): ConnectError {
  const asked = subprotocols.length === 0 ? '' : ` (--subprotocol was ${subprotocols.join(', ')})`;
  return new ConnectError(
    `Cannot connect to ${url.href}: it answered ${statusLine(response)}, but: ${error.message}${asked}`,
    false,
  );
}
