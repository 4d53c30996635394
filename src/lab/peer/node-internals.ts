import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** The undocumented parts of Node.js that the lab uses. */

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
