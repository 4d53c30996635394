import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** How long a client may take to send more of a request, or to take more of an answer, in ms. */
export const STALL_TIMEOUT = 60_000;

/** How long a whole request may take to arrive, in ms: a client that sends one byte a minute makes progress, too. */
export const REQUEST_TIMEOUT = 300_000;

/**
 * Ends HTTP/1.1 connections whose client sends no more of a request, or takes no more of an answer. A connection that
 * waits for its handler alone stays. WebSockets have a keep-alive and time-outs of their own.
 *
 * @param timeout how long a connection may make no progress, in ms
 */
export function endStalledConnections(server: Server, timeout = STALL_TIMEOUT): void {
  // Without a response Node.js destroys the connection at its time-out; with one that has a listener it does not.
  server.setTimeout(timeout);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor === 1) {
      response.on('timeout', (socket: Socket) => {
        if (!request.complete || socket.writableLength > 0) {
          socket.destroy();
        }
      });
    }
  });
}

/**
 * Ends the HTTP/2 stream of an ordinary request, as `endStalledConnections` ends a connection.
 *
 * @param timeout how long the stream may make no progress, in ms
 */
export function endWhenStalled(stream: ServerHttp2Stream, timeout: number): void {
  stream.setTimeout(timeout);
  stream.on('timeout', () => {
    const isBodyDue = stream.state.remoteClose === 0;
    const isAnswerDue = stream.writableLength > 0 || (stream.writableEnded && !stream.writableFinished);
    if (isBodyDue || isAnswerDue) {
      stream.close(constants.NGHTTP2_CANCEL);
      stream.destroy(); // after a connection error Node.js 20 sends no RST_STREAM, and closes no stream
    }
  });
}
