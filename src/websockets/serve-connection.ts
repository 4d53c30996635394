import { Logger } from '@nestjs/common';
import { inspect } from 'node:util';
import { WebSocketCloseStatus } from './protocol/close-status.js';
import type { WebSocketConnection } from './web-socket-connection.js';
import { WebSocketError, type WebSocketErrorCode } from './web-socket-error.js';

const logger = new Logger('WebSockets');

/** What a peer or the network did, and what the application itself ended: no errors of the server. */
const ordinaryEndings: ReadonlySet<WebSocketErrorCode> = new Set<WebSocketErrorCode>([
  'WS_ABORTED',
  'WS_CLOSED_PREMATURELY',
  'WS_MESSAGE_TOO_BIG',
  'WS_PROTOCOL_ERROR',
  'WS_TIMEOUT',
]);

/**
 * Lets a handler live with its connection: when its promise is fulfilled the connection is closed with 1000, or with the
 * peer's own status where the peer closed first; when it is rejected, with 1011 and one line in the log.
 *
 * @param name what to call the handler in the log
 */
export async function serveConnection(
  connection: WebSocketConnection,
  name: string,
  handler: () => Promise<unknown>,
): Promise<void> {
  if (await runHandler(name, handler)) {
    const { status, description } = connection.peerClose ?? {
      status: WebSocketCloseStatus.normalClosure,
      description: '',
    };
    await connection.close(status, description);
  } else {
    await connection.close(WebSocketCloseStatus.internalServerError);
  }
}

/** Runs a handler of the application. What it throws is logged, once, and never reaches the process. */
export async function runHandler(name: string, handler: () => Promise<unknown>): Promise<boolean> {
  try {
    await handler();
    return true;
  } catch (error) {
    if (error instanceof WebSocketError && ordinaryEndings.has(error.code)) {
      logger.debug(`${name}: ${error.message}`);
    } else {
      const [what, stack] = error instanceof Error ? [String(error), error.stack] : [inspect(error), undefined];
      logger.error(`${name} failed: ${what}`, stack);
    }
    return false;
  }
}
