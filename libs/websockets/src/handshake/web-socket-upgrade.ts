import type { IncomingMessage } from 'node:http';
import type { Refusal } from './handshake.js';
import type { TakenOverHandshake } from './taken-over-handshake.js';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';
import type { WebSocketConnectionOptions } from '../connection/web-socket-options.js';

/** Options of one accept; what `WebSocketAcceptContext` is to ASP.NET Core. Those not given are the application's. */
export interface WebSocketAcceptOptions extends WebSocketConnectionOptions {
  /** The sub-protocol to agree on: one that the client requested. By default none is. */
  readonly subProtocol?: string;
}

/** A WebSocket request that waits to be accepted. */
export interface WebSocketUpgrade {
  /** Whether the application shuts down, so that it may not be accepted any more. */
  readonly isDraining: boolean;
  /** What became of it, once it was accepted. */
  readonly connection: WebSocketConnection | undefined;
  /** The sub-protocols that the client offers, in its order of preference. */
  readonly requestedProtocols: readonly string[];
  /**
   * Completes the handshake.
   *
   * @param answer has the framework send a response of this status, whose headers go out with the handshake. Where that
   * takes its time, the connection can be used at once all the same: what is sent waits.
   * @throws WebSocketError `WS_ALREADY_ACCEPTED`, `WS_INVALID_OPTION`, `WS_CLOSED_PREMATURELY` when the client is gone
   */
  accept(options?: WebSocketAcceptOptions, answer?: (status: number) => void): WebSocketConnection;
  /**
   * Hands over what the request came on, without an answer.
   *
   * @param answer has the framework make a response of this status, which is not sent
   * @throws WebSocketError `WS_ALREADY_ACCEPTED`, `WS_CLOSED_PREMATURELY` when the client is gone
   */
  takeOver(answer: (status: number) => void): Promise<TakenOverHandshake>;
}

/** A request of Node.js, as frameworks pass it on: Express as it is, Fastify as the `raw` of its own. */
export type FrameworkRequest = IncomingMessage | { readonly raw: IncomingMessage };

/** The request of Node.js itself. Middleware of Express may have given it a `raw` of its own. */
export function nodeRequestOf(request: FrameworkRequest): IncomingMessage {
  return 'httpVersionMajor' in request ? request : request.raw;
}

const upgrades = new WeakMap<object, WebSocketUpgrade>();
const refusals = new WeakMap<object, Refusal>();

/** Notes that a request is a WebSocket request, for the handlers that get it. */
export function setUpgrade(request: object, upgrade: WebSocketUpgrade): void {
  upgrades.set(request, upgrade);
}

/** The upgrade that a request asks for; undefined when it is not a WebSocket request. */
export function upgradeOf(request: FrameworkRequest): WebSocketUpgrade | undefined {
  return upgrades.get(nodeRequestOf(request));
}

/** Notes why a request cannot have the WebSocket that it asks for, for a controller that would accept it. */
export function setUpgradeRefusal(request: object, refusal: Refusal): void {
  refusals.set(request, refusal);
}

/** Why a request cannot have the WebSocket that it asks for; undefined when it asks for none, or can have it. */
export function upgradeRefusalOf(request: FrameworkRequest): Refusal | undefined {
  return refusals.get(nodeRequestOf(request));
}
