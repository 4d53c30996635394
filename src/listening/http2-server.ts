import type { Server } from 'node:http';
import { createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { endWhenStalled, STALL_TIMEOUT } from './stalled-clients.js';

/**
 * The flow-control windows of a stream and of a connection, in bytes. With the default of HTTP/2, 64 KiB, a client with a
 * round-trip time of 50 ms sends at most 1.3 MB a second. These are the values of ASP.NET Core.
 */
const STREAM_WINDOW = 768 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;

/** How many streams a connection may have, as in ASP.NET Core. A browser then opens another connection, or waits. */
const MAX_STREAMS = 100;

/** The times of a connection, in ms. */
const DEFAULT_TIMES = {
  /** How long the stream of an ordinary request may make no progress. */
  stallTimeout: STALL_TIMEOUT,
  /** How long a connection may outlive its session, so that the client can read the reason in the GOAWAY frame. */
  sessionLinger: 5000,
  /** The interval between pings. */
  pingInterval: 20_000,
};

/**
 * How many pings without any received byte mean that the client has gone. A ping may wait behind a response that a client
 * on a slow line is still reading.
 */
const MAX_SILENT_PINGS = 3;

/**
 * Creates a server for HTTP/2 connections, which arrive as `connection` events. It emits its requests, extended CONNECTs
 * (RFC 8441) and sessions as events of the application's HTTP server, so that routes, WebSockets, limits and shutdown are
 * the same for HTTP/1.1 and HTTP/2.
 */
export function createHttp2Server(application: Server, times: Partial<typeof DEFAULT_TIMES> = {}): Http2Server {
  const { stallTimeout, sessionLinger, pingInterval } = { ...DEFAULT_TIMES, ...times };
  const http2 = createServer({
    settings: { enableConnectProtocol: true, initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: MAX_STREAMS },
  });
  for (const event of ['request', 'connect'] as const) {
    http2.on(event, (request: unknown, response: unknown) => application.emit(event, request, response));
  }
  http2.on('request', ({ stream }: Http2ServerRequest) => endWhenStalled(stream, stallTimeout));
  http2.prependListener('connection', (socket: Socket) => {
    // Node.js creates the session of a connection before `emit` returns.
    http2.once('session', (session: ServerHttp2Session) => {
      endWithSession(socket, session, sessionLinger);
      endWhenSilent(socket, session, pingInterval);
    });
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
  const timer = setTimeout(() => {
    if (openStreams === 0) {
      session.close();
    }
  }, timeout).unref();
  session.on('stream', (stream) => {
    openStreams++;
    stream.once('close', () => {
      openStreams--;
      timer.refresh();
    });
  });
  session.once('close', () => clearTimeout(timer));
}

/**
 * Destroys a connection whose client has gone. While Node.js waits to write to such a connection, it does not read and does
 * not notice a reset, so the streams, their WebSockets and all data that waits to be sent would stay.
 */
function endWhenSilent(socket: Socket, session: ServerHttp2Session, pingInterval: number): void {
  let { bytesRead } = socket;
  let silentPings = 0;
  const timer = setInterval(() => {
    silentPings = socket.bytesRead === bytesRead ? silentPings : 0;
    ({ bytesRead } = socket);
    if (silentPings >= MAX_SILENT_PINGS) {
      session.destroy();
      socket.destroy();
    } else if (!session.closed && !session.destroyed) {
      silentPings++;
      session.ping(() => {}); // not after GOAWAY, when Node.js sends none
    }
  }, pingInterval).unref();
  socket.once('close', () => clearInterval(timer));
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
