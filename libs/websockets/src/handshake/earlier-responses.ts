import type { Socket } from 'node:net';
import { responseOn } from './node-internals.js';

/**
 * Calls back when every request that came before on a connection has been answered: answers leave in the order of the
 * requests (RFC 9112 section 9.3.2), and after a handshake nothing of HTTP may follow.
 *
 * @param callback is called at once where no answer is due, and never where the last one ends the connection
 */
export function afterEarlierResponses(socket: Socket, callback: () => void): void {
  const response = responseOn(socket);
  if (response !== undefined) {
    // By then the response to the next request has the socket, if there is one.
    response.once('close', () => afterEarlierResponses(socket, callback));
  } else if (socket.writable) {
    callback();
  }
}
