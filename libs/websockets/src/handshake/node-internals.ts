import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What this library uses of Node.js that Node.js does not document stands here, and nowhere else. */

/** The response that is being sent on a connection, if there is one. */
export function responseOn(socket: Socket): ServerResponse | undefined {
  const { _httpMessage: response } = socket as Socket & { readonly _httpMessage?: ServerResponse | null };
  return response ?? undefined;
}

/** Decides whether a request with `Upgrade` and `Connection: upgrade` is an upgrade, or an ordinary request. */
type ShouldUpgrade = (request: IncomingMessage) => boolean;

/**
 * Decides which upgrade requests are emitted as `upgrade`; all others are ordinary requests, which Node.js parses with
 * their bodies. `createServer` takes this as an option, but the server may have been created without it.
 *
 * @param decide gets what the server would have decided
 * @returns undoes it; nothing where Node.js is older than 22.23 or 24.9, and has no such option
 */
export function decideUpgrades(
  server: Server,
  decide: (request: IncomingMessage, wouldUpgrade: () => boolean) => boolean,
): () => void {
  const decided = server as Server & { shouldUpgradeCallback?: ShouldUpgrade };
  const original = decided.shouldUpgradeCallback;
  if (typeof original !== 'function') {
    return () => {};
  }
  decided.shouldUpgradeCallback = (request) => decide(request, () => original.call(server, request));
  return () => {
    decided.shouldUpgradeCallback = original;
  };
}

/**
 * Takes a response off its connection, so that what is written to it later does not go there. A response of Bun writes by
 * a handle of its own, which `detachSocket` leaves in place; Node.js and Deno have none.
 */
export function detachResponse(response: ServerResponse, socket: Socket): void {
  response.detachSocket(socket);
  const handle = Object.getOwnPropertySymbols(response).find(({ description }) => description === 'handle');
  if (handle !== undefined) {
    Object.assign(response, { [handle]: undefined });
  }
}
