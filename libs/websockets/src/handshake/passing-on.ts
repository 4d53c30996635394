import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectionEventOf, responseOn } from './node-internals.js';

/**
 * Calls back unless another listener of the event, such as that of a second WebSocket server, has taken the socket or the
 * response: one handshake gets one answer. Without other listeners it calls back at once.
 *
 * A listener has taken a socket if, after all listeners were called, it has written to it, ended it, or listens to it.
 */
export function unlessTaken(
  server: EventEmitter,
  event: string,
  answerTo: Duplex | Http2ServerResponse,
  callback: () => void,
): void {
  if (server.listenerCount(event) === 1) {
    callback();
    return;
  }
  const traces = 'stream' in answerTo ? () => [answerTo.headersSent, answerTo.writableEnded] : () => tracesOn(answerTo);
  const before = String(traces());
  process.nextTick(() => {
    if (String(traces()) === before) {
      callback();
    }
  });
}

/** The properties of a socket that change when it is used. */
function tracesOn(socket: Duplex): unknown[] {
  const listeners = ['error', 'data', 'readable', 'end', 'close'].map((event) => socket.listenerCount(event));
  const bytesWritten = 'bytesWritten' in socket && socket.bytesWritten;
  return [socket.destroyed, socket.writableEnded, bytesWritten, socket.readableFlowing, ...listeners];
}

/**
 * Calls back when all earlier requests of a connection are answered: responses leave in the order of the requests
 * (RFC 9112 section 9.3.2), and no HTTP response may follow a handshake.
 *
 * @param callback is called at once if no response is pending, and never if the last one ends the connection
 */
export function afterEarlierResponses(socket: Socket, callback: () => void): void {
  const response = responseOn(socket);
  if (response !== undefined) {
    // At its end the response to the next request has the socket, if there is one.
    response.once('close', () => afterEarlierResponses(socket, callback));
  } else if (socket.writable) {
    callback();
  }
}

/**
 * Gives an upgrade request that does not become a WebSocket to the ordinary HTTP pipeline, where routes, guards and
 * filters answer it. Node.js does not do so itself once there is a listener for `upgrade`.
 *
 * The request goes back in front of the socket without what asks for the upgrade, and the HTTP server gets the socket as
 * a new connection. So the body, keep-alive and pipelined requests work as always.
 */
export function handleAsOrdinaryRequest(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  // The keep-alive time-out that began after the previous response may still run.
  socket.setTimeout(0);
  socket.unshift(Buffer.concat([Buffer.from(requestHead(request), 'latin1'), head]));
  server.emit(connectionEventOf(server), socket);
}

function requestHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    const value = rawHeaders[at + 1];
    switch (name.toLowerCase()) {
      case 'upgrade':
      case 'http2-settings':
        break;
      case 'connection': {
        const tokens = withoutToken(value, 'upgrade');
        if (tokens !== '') {
          lines.push(`${name}: ${tokens}`);
        }
        break;
      }
      default:
        lines.push(`${name}: ${value}`);
    }
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function withoutToken(list: string, token: string): string {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry.toLowerCase() !== token)
    .join(', ');
}
