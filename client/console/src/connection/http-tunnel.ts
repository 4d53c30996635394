import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { hostOf, isSecure, portOf, urlAuthorization, withoutCredentials } from './address.js';
import { RefusedError } from './connect-error.js';
import { explainFailure } from './explain-failure.js';
import { requestHead, responseHead, statusLine } from './handshake.js';
import { readBody } from './response-body.js';
import type { TlsOptions } from './tls-options.js';

/**
 * Opens a tunnel to a server through an HTTP proxy (RFC 9110 section 9.3.6).
 *
 * @throws RefusedError if the proxy refuses, ConnectError if it cannot be reached
 */
export async function openTunnel(proxy: URL, server: URL, tls: TlsOptions, signal: AbortSignal): Promise<Socket> {
  const target = `${server.hostname}:${portOf(server)}`;
  const authorization = urlAuthorization(proxy);
  // --servername is the name of the server, not of the proxy.
  const { servername: _, ...options } = tls;
  const request = (isSecure(proxy) ? requestHttps : requestHttp)({
    ...options,
    host: hostOf(proxy),
    port: portOf(proxy),
    method: 'CONNECT',
    path: target,
    headers: { Host: target, ...(authorization && { 'Proxy-Authorization': authorization }) },
    agent: false,
    signal,
  });
  request.end();
  try {
    const [response, socket, head] = (await once(request, 'connect')) as [IncomingMessage, Socket, Buffer];
    socket.unshift(head);
    const answer = responseHead(response);
    if (answer.status >= 200 && answer.status < 300) {
      return socket.setNoDelay();
    }
    const message = `The proxy ${withoutCredentials(proxy).href} refused: ${statusLine(answer)}`;
    throw new RefusedError(
      message,
      { request: requestHead(request), response: answer },
      await readBody(socket, answer),
    );
  } catch (error) {
    throw explainFailure(signal.aborted ? signal.reason : error, withoutCredentials(proxy));
  }
}
