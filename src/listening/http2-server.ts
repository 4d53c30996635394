import type { Server } from 'node:http';
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';

/**
 * The flow-control windows of a stream and of a connection, in bytes. With the default of HTTP/2, 64 KiB, a client with a
 * round-trip time of 50 ms sends at most 1.3 MB a second. These are the values of ASP.NET Core.
 */
const STREAM_WINDOW = 768 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;

/** How many streams a connection may have, as in ASP.NET Core. A browser then opens another connection, or waits. */
const MAX_STREAMS = 100;

/** How long a client may pause while it sends a request or reads a response, in ms. */
const STALL_TIMEOUT = 60_000;

/** How long a connection may outlive its session, in ms, so that the client can read the reason in the GOAWAY frame. */
const SESSION_LINGER = 5000;

/**
 * Creates a server for HTTP/2 connections, which arrive as `connection` events. It emits its requests, extended CONNECTs
 * (RFC 8441) and sessions as events of the application's HTTP server, so that routes, WebSockets, limits and shutdown are
 * the same for HTTP/1.1 and HTTP/2.
 *
 * @param stallTimeout how long the stream of an ordinary request may make no progress, in ms
 * @param sessionLinger how long a connection may outlive its session, in ms
 */
export function createHttp2Server(
  application: Server,
  stallTimeout = STALL_TIMEOUT,
  sessionLinger = SESSION_LINGER,
): Http2Server {
  const http2 = createServer({
    settings: { enableConnectProtocol: true, initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: MAX_STREAMS },
  });
  for (const event of ['request', 'connect'] as const) {
    http2.on(event, (request: unknown, response: unknown) => application.emit(event, request, response));
  }
  http2.on('request', ({ stream }: Http2ServerRequest) => endWhenStalled(stream, stallTimeout));
  http2.prependListener('connection', (socket: Socket) => {
    // Node.js creates the session of a connection before `emit` returns.
    http2.once('session', (session: ServerHttp2Session) => endWithSession(socket, session, sessionLinger));
  });
  http2.on('session', (session: ServerHttp2Session) => {
    session.setLocalWindowSize(CONNECTION_WINDOW);
    endWhenIdle(session, application.keepAliveTimeout);
    application.emit('session', session);
  });
  return http2;
}

/** Corresponds to the keep-alive time-out of HTTP/1.1. An open stream, such as a WebSocket, keeps its session open. */
function endWhenIdle(session: ServerHttp2Session, timeout: number): void {
  let openStreams = 0;
  session.on('stream', (stream) => {
    openStreams++;
    stream.once('close', () => openStreams--);
  });
  session.setTimeout(timeout, () => {
    if (openStreams === 0) {
      session.close();
    }
  });
}

/**
 * Ends a stream whose client stops sending the request, or stops reading the response. A stream that only waits for its
 * handler stays open. WebSockets are not affected: they have time-outs of their own.
 */
function endWhenStalled(stream: ServerHttp2Stream, timeout: number): void {
  stream.setTimeout(timeout, () => {
    const isBodyDue = stream.state.remoteClose === 0;
    const isAnswerDue = stream.writableLength > 0 || (stream.writableEnded && !stream.writableFinished);
    if (isBodyDue || isAnswerDue) {
      stream.close(constants.NGHTTP2_CANCEL);
      stream.destroy(); // after a connection error Node.js 20 sends no RST_STREAM, and closes no stream
    }
  });
}

/**
 * Destroys a connection that outlives its session. Node.js waits until the last bytes have been sent, which a client can
 * delay without limit, and Node.js 20 leaves the connection in CLOSE_WAIT after a connection error. In these cases the
 * session emits no event, so its state is polled.
 */
function endWithSession(socket: Socket, session: ServerHttp2Session, linger: number): void {
  let hasEnded = false;
  const timer = setInterval(() => {
    if (hasEnded) {
      socket.destroy();
    }
    hasEnded = session.destroyed;
  }, linger);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
