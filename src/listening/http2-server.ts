import type { Server } from 'node:http';
import { createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { endWhenStalled, STALL_TIMEOUT } from './stalled-clients.js';

/**
 * How much a client may send that nobody has read yet, in bytes: on one stream, and on one connection. With the 64 KiB that
 * HTTP/2 starts from, a client that is 50 ms away sends 1.3 MB a second at most. These are the values of ASP.NET Core.
 */
const STREAM_WINDOW = 768 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;

/** How many streams a client may have open at once; a browser makes another connection or waits. As ASP.NET Core. */
const MAX_STREAMS = 100;

/** What a connection is given, in ms. */
const DEFAULT_TIMES = {
  /** How long the stream of an ordinary request may make no progress. */
  stallTimeout: STALL_TIMEOUT,
  /** How long a connection has to end after its session has: the client can read the GOAWAY that says why. */
  sessionLinger: 5000,
  /** How often a client is pinged. */
  pingInterval: 20_000,
};

/**
 * After how many pings a client has gone that has sent nothing meanwhile. A ping may wait for a while behind an answer that
 * a client on a slow line reads.
 */
const MAX_SILENT_PINGS = 3;

/**
 * Creates a server for HTTP/2 connections, which arrive as `connection` events. It serves nothing itself: requests,
 * extended CONNECTs (RFC 8441) and sessions go to the application's one HTTP server as the events that they are, so
 * that routes, WebSockets, limits and shutdown are the same for all of them.
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

/** As the keep-alive time-out of HTTP/1.1 does. An open stream, such as a WebSocket, keeps its session. */
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
 * Destroys a connection whose client has gone. While Node.js waits to write to such a connection it does not read, and
 * notices no reset; the streams, their WebSockets and all that waits to be sent would stay.
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
 * Destroys a connection that outlives its session. Node.js ends it when the last bytes have been sent, which a client can
 * delay for ever; Node.js 20 leaves it in CLOSE_WAIT after a connection error. No event tells of the session's end then.
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
