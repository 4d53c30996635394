import { EventEmitter } from 'node:events';

/**
 * What `@WebSocketServer()` and `afterInit` are given: the gateway's path and its clients, which are connections for a
 * raw gateway, and clients with the interface of `ws` for one with `@SubscribeMessage` handlers.
 *
 * Emits `connection` with the client and the request of each handshake.
 */
export class GatewayServer<Client = unknown> extends EventEmitter {
  /** The clients that are connected now. */
  readonly clients = new Set<Client>();

  constructor(
    /** The gateway's path, in lower case and without a slash at its end. */
    readonly path: string,
  ) {
    super();
  }
}
