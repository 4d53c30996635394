import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

declare module 'node:http' {
  interface IncomingMessage {
    /** Whether the request is emitted as `upgrade` or `connect`. */
    readonly upgrade?: boolean;
  }
}

/** What this library uses of Node.js that Node.js does not document stands here, and nowhere else. */

/** The response that is being sent on a connection, if there is one. */
export function responseOn(socket: Socket): ServerResponse | undefined {
  const { _httpMessage: response } = socket as Socket & { readonly _httpMessage?: ServerResponse | null };
  return response ?? undefined;
}

/** The parser of a connection, as Node.js attaches it to the socket. */
interface ParsedSocket extends Socket {
  readonly parser?: { onIncoming: (request: IncomingMessage, shouldKeepAlive: boolean) => number } | null;
}

/** What tells the parser that the bytes after a head are not HTTP. */
const NOT_HTTP_FROM_HERE = 2;

/**
 * Makes `upgrade` come right after the head of a request, with the socket itself and with the body not parsed yet, as
 * before Node.js 25. Since then the body is parsed first, and where it is not complete the listener gets a wrapper of the
 * socket that gives no body.
 *
 * `shouldUpgradeCallback` of Node.js 22.23 and 24.9 is not used: of a request that it refuses to upgrade, the parser
 * loses the requests that came in the same packet.
 *
 * @param socket of a connection that the HTTP server has just taken
 */
export function leaveBodiesOfUpgrades(socket: ParsedSocket): void {
  const { parser } = socket;
  const onIncoming = parser?.onIncoming; // a connection of HTTP/2 has no parser
  if (parser && onIncoming) {
    parser.onIncoming = (request, shouldKeepAlive) => {
      const decision = onIncoming(request, shouldKeepAlive);
      return request.upgrade ? NOT_HTTP_FROM_HERE : decision;
    };
  }
}
