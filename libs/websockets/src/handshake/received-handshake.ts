import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ForwardedClient } from './trusted-proxies.js';
import type { WebSocketHandshake } from '../connection/web-socket-observer.js';

/** A request that asks for a WebSocket, or nearly does: where it came from and what it says. */
export class ReceivedHandshake implements WebSocketHandshake {
  readonly httpVersion: '1.1' | '2';
  readonly tlsVersion: string | undefined;
  /** Kept, because middleware for a path has it stripped from the request while it runs. */
  readonly path: string;

  readonly request: IncomingMessage;

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    /** The client, as the connection or trusted proxies tell it. */
    readonly client: ForwardedClient,
  ) {
    // The compatibility API of node:http2 gives its requests the interface of node:http.
    this.request = request as IncomingMessage;
    const socket = request.socket as Partial<TLSSocket>;
    this.path = request.url ?? '/';
    this.httpVersion = request.httpVersionMajor === 2 ? '2' : '1.1';
    // Read now: an HTTP/2 stream that has ended does not have it any more.
    this.tlsVersion = (socket.encrypted && socket.getProtocol?.()) || undefined;
  }

  get remoteAddress(): string {
    return this.client.address;
  }

  get addresses(): readonly string[] {
    const { proxies = [], address } = this.client;
    return [...proxies, address];
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
