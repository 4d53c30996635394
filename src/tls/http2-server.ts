import type { Server } from 'node:http';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';

/**
 * Creates a server for HTTP/2 connections, which it is given as `connection` events. It serves nothing itself: requests,
 * extended CONNECTs (RFC 8441) and sessions go to the application's one HTTP server as the events that they are, so
 * that routes, WebSockets, limits and shutdown are the same for all of them.
 */
export function createHttp2Server(application: Server): Http2Server {
  const http2 = createServer({ settings: { enableConnectProtocol: true } });
  for (const event of ['request', 'connect'] as const) {
    http2.on(event, (request: unknown, response: unknown) => application.emit(event, request, response));
  }
  http2.on('session', (session: ServerHttp2Session) => {
    endWhenIdle(session, application.keepAliveTimeout);
    application.emit('session', session);
  });
  return http2;
}

/** As the keep-alive time-out of HTTP/1.1 does. An open stream, such as a WebSocket, keeps its session. */
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
