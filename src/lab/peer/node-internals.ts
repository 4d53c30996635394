import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What Node.js does not document and the lab uses. It stands here and nowhere else. */

/** Ends a connection with a TCP reset (RST), also beneath TLS. */
export function resetConnection(socket: Socket): void {
  const { _parent: beneath } = socket as Socket & { readonly _parent?: unknown };
  const tcp = socket instanceof TLSSocket && beneath instanceof Socket ? beneath : socket;
  try {
    tcp.resetAndDestroy();
  } catch {
    socket.destroy(); // a Unix socket or a named pipe, which has no reset
  }
}
