import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * A WebSocket request that `takeOver()` handed over: the application writes the answer and every later byte. The library has
 * answered nothing. From here on it only counts the stream: it has a place among `maxConnections` and
 * `maxConnectionsPerAddress` until it closes, and is cut at `shutdownTimeout`.
 */
export interface TakenOverHandshake {
  /** The request as received. Over HTTP/2 its method is GET, and its headers include the pseudo-headers. */
  readonly request: IncomingMessage;
  readonly httpVersion: '1.1' | '2';
  /** The address of the client, as `WebSocketConnection.remoteAddress` is. */
  readonly remoteAddress: string;
  /**
   * The stream of the request and of its answer. Over HTTP/1.1 it is the `net.Socket` or `tls.TLSSocket` of the connection,
   * before the status line (RFC 6455 section 4.2.2). Over HTTP/2 it is the `ServerHttp2Stream`, before `respond()` (RFC 8441
   * section 5). Its errors have to be handled: a client may reset it at any time.
   */
  readonly stream: Duplex;
}
