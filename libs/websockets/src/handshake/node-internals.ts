import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';

/** What this library uses of Node.js that Node.js does not document stands here, and nowhere else. */

declare module 'node:http' {
  interface IncomingMessage {
    /** Whether the request is emitted as `upgrade` or `connect`. */
    readonly upgrade?: boolean;
  }
}

/** A socket with the parser that Node.js attaches to it. */
interface ParsedSocket extends Socket {
  readonly parser?: { onIncoming: (request: IncomingMessage, shouldKeepAlive: boolean) => number } | null;
}

/** Tells the parser that the bytes after a head are not HTTP. */
const NOT_HTTP_FROM_HERE = 2;

/**
 * Makes `upgrade` come right after the head of a request, with the socket itself and with the body not parsed yet, as
 * before Node.js 25. Since then Node.js parses the body first; while it is not complete, a listener gets a wrapper of the
 * socket that does not give the body.
 *
 * `shouldUpgradeCallback` of Node.js 22.23 and 24.9 is not used: after a request that it does not upgrade, the parser
 * loses the requests that came in the same packet.
 *
 * @param socket of a connection that the HTTP server has just taken
 */
export function leaveBodiesOfUpgrades(socket: ParsedSocket): void {
  const { parser } = socket;
  const onIncoming = parser?.onIncoming; // an HTTP/2 connection has no parser
  if (parser && onIncoming) {
    parser.onIncoming = (request, shouldKeepAlive) => {
      const decision = onIncoming(request, shouldKeepAlive);
      return request.upgrade ? NOT_HTTP_FROM_HERE : decision;
    };
  }
}

/**
 * The event with which a server gets a connection that speaks HTTP. A server that speaks TLS takes a socket that comes
 * with `connection` for the start of TLS.
 */
export function connectionEventOf(server: Server): 'connection' | 'secureConnection' {
  return server instanceof TlsServer ? 'secureConnection' : 'connection';
}

/** The response that is being sent on a connection, if there is one. */
export function responseOn(socket: Socket): ServerResponse | undefined {
  const { _httpMessage: response } = socket as Socket & { readonly _httpMessage?: ServerResponse | null };
  return response ?? undefined;
}

/** Creates the response to a request whose socket Node.js has given away. It ends without ending the socket. */
export function createResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  return response;
}

/** Takes the socket from a response. False if the response does not have it any more. */
export function releaseSocket(response: ServerResponse, socket: Socket): boolean {
  if (response.socket !== socket) {
    return false;
  }
  response.detachSocket(socket);
  return true;
}

/** Completes a response, with its `finish` and `close`, so that nothing of it goes out on its socket. */
export function completeUnsent(response: ServerResponse, socket: Socket, status: number): void {
  detachResponse(response, socket);
  const discarding = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  response.assignSocket(discarding as unknown as Socket);
  response.writeHead(status).end();
}

/**
 * Completes a response of HTTP/2, with its `finish` and `close`, while its stream stays open. Node.js completes it when
 * the stream ends.
 */
export function completeHttp2Response(response: Http2ServerResponse): void {
  for (const state of ['writableEnded', 'finished']) {
    Object.defineProperty(response, state, { value: true });
  }
  process.nextTick(() => {
    response.emit('finish');
    response.emit('close');
    response.emit = () => false;
  });
}

/**
 * Takes a response off its connection, so that what is written to it later does not go there. A response of Bun writes by
 * a handle of its own, which `detachSocket` leaves in place; Node.js and Deno have none.
 */
export function detachResponse(response: ServerResponse, socket: Socket): void {
  response.detachSocket(socket);
  const handle = Object.getOwnPropertySymbols(response).find(({ description }) => description === 'handle');
  if (handle !== undefined) {
    Object.assign(response, { [handle]: undefined });
  }
}
