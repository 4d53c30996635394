import type { Socket } from 'node:net';

/** What listening uses of Node.js that Node.js does not document stands here, and nowhere else. */

/** The other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
}

/**
 * Gives a connection another peer: `remoteAddress`, `remotePort` and `remoteFamily`, also of TLS and HTTP/2 over it. These ask
 * the handle of the connection, and remember its answer.
 */
export function setPeer(socket: Socket, peer: Peer): void {
  const { _handle: handle } = socket as Socket & { readonly _handle?: object | null };
  Object.assign(handle ?? {}, {
    getpeername: (answer: object): number => {
      Object.assign(answer, peer);
      return 0; // no error
    },
  });
}
