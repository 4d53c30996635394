import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/**
 * Lets an upgrade request that no WebSocket comes of go through the ordinary HTTP pipeline, where routes, guards and
 * filters answer it: Node.js itself, once anybody listens for `upgrade`, would leave the socket to that listener alone.
 *
 * The request is put back in front of the socket without what asks for the upgrade, and the socket is given to the HTTP
 * server as a new connection. So a body, keep-alive and requests sent after it work as they always do.
 */
export function handleAsOrdinaryRequest(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  // The time-out of a connection without a request may still run, from the response before.
  socket.setTimeout(0);
  socket.unshift(Buffer.concat([Buffer.from(requestHead(request), 'latin1'), head]));
  // A server that speaks TLS itself takes what comes as `connection` for the start of a TLS handshake.
  server.emit(server instanceof TlsServer ? 'secureConnection' : 'connection', socket);
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
