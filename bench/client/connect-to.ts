import type { Connect, Target } from './connection.js';
import { Http1Connection } from './http1-connection.js';
import { Http2Connection } from './http2-connection.js';

/** How many WebSockets share a connection of HTTP/2. */
const STREAMS_PER_CONNECTION = 4;

/** What opens connections to a server: over HTTP/2 a stream of one that has room, else a connection each. */
export function connectTo(target: Target): Connect {
  if (target.protocol !== 'h2') {
    return connectOverHttp1(target);
  }
  const connections: Http2Connection[] = [];
  // No load is compressed over HTTP/2.
  return (_, listener) => {
    let connection = connections.find(({ openStreams }) => openStreams < STREAMS_PER_CONNECTION);
    if (!connection) {
      connection = new Http2Connection(target);
      connections.push(connection);
    }
    return connection.open(listener);
  };
}

/** What opens connections over TCP or TLS, which can be left unread. */
export function connectOverHttp1(target: Target): Connect<Http1Connection> {
  return (options, listener) => new Http1Connection(target, options, listener);
}
