import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { WebSocketHandshake } from '../connection/web-socket-observer.js';

/** A request that asks for a WebSocket, or nearly does: where it came from and what it says. */
export class ReceivedHandshake implements WebSocketHandshake {
  readonly httpVersion: '1.1' | '2';
  readonly remoteAddress: string;
  readonly tlsVersion: string | undefined;

  readonly request: IncomingMessage;

  constructor(request: IncomingMessage | Http2ServerRequest) {
    // The compatibility API of node:http2 gives its requests the interface of node:http.
    this.request = request as IncomingMessage;
    const socket = request.socket as Partial<TLSSocket>;
    this.httpVersion = request.httpVersionMajor === 2 ? '2' : '1.1';
    // Now: a stream of HTTP/2 that has ended does not give them any more.
    this.remoteAddress = socket.remoteAddress ?? '';
    this.tlsVersion = (socket.encrypted && socket.getProtocol?.()) || undefined;
  }

  get path(): string {
    return this.request.url ?? '/';
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.request.rawHeaders;
  }

  get origin(): string | undefined {
    return this.request.headers.origin;
  }

  get userAgent(): string | undefined {
    return this.request.headers['user-agent'];
  }
}
