import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * A WebSocket request whose answer the application writes itself, byte by byte: what `takeOver()` gives. The library has
 * answered nothing, and does nothing with the stream from here on but count it: it has a place among `maxConnections`
 * and `maxConnectionsPerAddress` until it closes, and is cut at `shutdownTimeout`.
 */
export interface TakenOverHandshake {
  /** The request as it came. Over HTTP/2 its method is GET and its headers have the pseudo-headers, too. */
  readonly request: IncomingMessage;
  readonly httpVersion: '1.1' | '2';
  /** The address of the client, as `WebSocketConnection.remoteAddress` is. */
  readonly remoteAddress: string;
  /**
   * What the request came on, and what the answer goes over. Over HTTP/1.1 it is the `net.Socket` or `tls.TLSSocket` of
   * the connection, before the status line. Over HTTP/2 it is the `ServerHttp2Stream`, before `respond()`.
   */
  readonly stream: Duplex;
}
