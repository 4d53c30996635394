import type { ClientRequest, IncomingMessage } from 'node:http';
import type { createConnection } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { requestUrl } from './address.js';
import { ConnectError, RefusedError } from './connect-error.js';
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
import { LARGEST_MESSAGE } from '../message.js';
import { readBody } from './response-body.js';

/** RFC 9110 section 15.4 */
const REDIRECTS = [301, 302, 303, 307, 308];

/** The options of the request. */
export interface RequestOptions {
  readonly url: URL;
  readonly headers: readonly Header[];
  readonly origin?: string;
  readonly subprotocols: readonly string[];
  /** Whether the client offers permessage-deflate (RFC 7692). */
  readonly compress: boolean;
}

/** An open WebSocket. It is paused, so that no message is lost before there is a listener. */
export interface OpenWebSocket {
  readonly webSocket: WebSocket;
  readonly handshake: Handshake;
}

/**
 * Opens a WebSocket on an open connection.
 *
 * @param onTheWire returns the handshake over HTTP/2, which `ws` does not see; undefined over HTTP/1.1
 * @throws RefusedError for a response that refuses; ConnectError for a response that violates RFC 6455
 */
export function openWebSocket(
  socket: Duplex,
  options: RequestOptions,
  signal: AbortSignal,
  onTheWire: () => Handshake | undefined,
): Promise<OpenWebSocket> {
  let webSocket: WebSocket;
  const abort = (): void => webSocket.terminate();
  const opened = new Promise<OpenWebSocket>((resolve, reject) => {
    let request: RequestHead | undefined;
    let handshake: Handshake | undefined;
    const record = (response: IncomingMessage): Handshake => {
      handshake = onTheWire() ?? { request: request!, response: responseHead(response) };
      return handshake;
    };
    webSocket = new WebSocket(requestUrl(options.url), [...options.subprotocols], {
      // ws and node:http accept any Duplex here; only their types ask for a socket.
      createConnection: (() => socket) as unknown as typeof createConnection,
      origin: options.origin,
      // Small messages are compressed as well, because the user asked for compression.
      perMessageDeflate: options.compress && { threshold: 0 },
      maxPayload: LARGEST_MESSAGE,
      finishRequest: (clientRequest) => {
        addHeaders(clientRequest, options.headers);
        request = requestHead(clientRequest);
        clientRequest.end();
      },
    });
    webSocket.on('upgrade', record);
    webSocket.on('open', () => {
      webSocket.pause();
      resolve({ webSocket, handshake: handshake! });
    });
    webSocket.on('unexpected-response', (_, response) => {
      void refusal(options.url, record(response), response).then(reject);
    });
    // The listener stays, because an `error` event without a listener would end the process.
    webSocket.on('error', (error) => reject(handshake ? mistake(options, handshake.response, error) : error));
  });
  signal.addEventListener('abort', abort);
  return opened.finally(() => signal.removeEventListener('abort', abort));
}

/** Adds headers. A header with the name of a default header, such as Host, replaces it; a repeated name is sent twice. */
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

async function refusal(url: URL, handshake: Handshake, body: Readable): Promise<RefusedError> {
  const { response } = handshake;
  const location = REDIRECTS.includes(response.status) ? headerValue(response, 'location') : undefined;
  const message = `${url.href} refused: ${statusLine(response)}.`;
  return new RefusedError(message, handshake, await readBody(body, response), location);
}

/** The server accepted the handshake, but its response violates RFC 6455 section 4.1. */
function mistake({ url, subprotocols }: RequestOptions, response: ResponseHead, error: Error): ConnectError {
  const asked = subprotocols.length === 0 ? '' : ` (--subprotocol was ${subprotocols.join(', ')})`;
  return new ConnectError(
    `Cannot connect to ${url.href}: it answered ${statusLine(response)}, but: ${error.message}${asked}`,
    false,
  );
}
