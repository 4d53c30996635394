import type { IncomingMessage } from 'node:http';
import type { PendingUpgrade } from '../handshake/pending-upgrade.js';
import type { Refusal } from '../handshake/refusal.js';

/** A request of Node.js, as frameworks pass it on: Express as it is, Fastify as the `raw` of its own. */
export type FrameworkRequest = IncomingMessage | { readonly raw: IncomingMessage };

/** The request of Node.js itself. Middleware of Express may have given it a `raw` of its own. */
export function nodeRequestOf(request: FrameworkRequest): IncomingMessage {
  return 'httpVersionMajor' in request ? request : request.raw;
}

const upgrades = new WeakMap<object, PendingUpgrade>();
const refusals = new WeakMap<object, Refusal>();

/** Notes that a request is a WebSocket request, for the handlers that get it. */
export function setUpgrade(request: object, upgrade: PendingUpgrade): void {
  upgrades.set(request, upgrade);
}

/** The upgrade that a request asks for; undefined when it is not a WebSocket request. */
export function upgradeOf(request: FrameworkRequest): PendingUpgrade | undefined {
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
