import { Logger } from '@nestjs/common';
import { inspect } from 'node:util';
import { WebSocketCloseStatus } from '../protocol/close-status.js';
import type { ServerConnection } from '../connection/server-connection.js';
import { WebSocketError, type WebSocketErrorCode } from '../connection/web-socket-error.js';

const logger = new Logger('WebSockets');

/** What a peer or the network did, and what the application itself ended: no errors of the server. */
const ordinaryEndings: ReadonlySet<WebSocketErrorCode> = new Set<WebSocketErrorCode>([
  'WS_ABORTED',
  'WS_CLOSED_PREMATURELY',
  'WS_MESSAGE_TOO_BIG',
  'WS_NOT_OPEN',
  'WS_PROTOCOL_ERROR',
  'WS_TIMEOUT',
]);

/**
 * Lets a handler live with its connection: when its promise is fulfilled the connection is closed with 1000, or with the
 * peer's own status where the peer closed first; when it is rejected, with 1011 and one line in the log.
 *
 * @param name what to call the handler in the log
 * @param handled the promise, not the handler: its closure would hold on to the request as long as the connection lives
 */
export async function serveConnection(
  connection: ServerConnection,
  name: string,
  handled: Promise<unknown>,
): Promise<void> {
  try {
    await handled;
  } catch (error) {
    connection.handlerError = error;
    logFailure(name, error);
    await connection.close(WebSocketCloseStatus.internalServerError);
    return;
  }
  warnOfEarlyReturn(connection, name);
  const { peerClose } = connection;
  await (peerClose === undefined
    ? connection.close(WebSocketCloseStatus.normalClosure)
    : connection.close(peerClose.status, peerClose.description));
}

/** The handlers that were warned of, so that each is once. */
const warned = new Set<string>();

/** Warns, once, of a handler that forgot to wait: its connection is closed, and the client sees no reason why. */
function warnOfEarlyReturn(connection: ServerConnection, name: string): void {
  const isEarly = connection.state === 'open' && (connection.isUnused || connection.isReceiving);
  if (isEarly && !warned.has(name)) {
    warned.add(name);
    const what = connection.isUnused ? 'without having used its WebSocket' : 'while its WebSocket was being received';
    logger.warn(
      `${name} returned ${what}, which closed it: the promise of a handler is the life of its connection. Await receive() or messages() in it.`,
    );
  }
}

/** Calls a handler of the application. What it throws rejects the promise. */
export function callHandler<Args extends unknown[]>(
  handler: (...args: Args) => unknown,
  ...args: Args
): Promise<unknown> {
  return new Promise((resolve) => resolve(handler(...args)));
}

/**
 * Runs a handler of the application. An error is logged once and never reaches the process.
 *
 * @returns whether it succeeded
 */
export async function runHandler(name: string, handler: () => unknown): Promise<boolean> {
  try {
    await handler();
    return true;
  } catch (error) {
    logFailure(name, error);
    return false;
  }
}

/** Runs a synchronous handler, as `runHandler` does. */
export function runSynchronousHandler(name: string, handler: () => void): boolean {
  try {
    handler();
    return true;
  } catch (error) {
    logFailure(name, error);
    return false;
  }
}

/** Logs an error of the application; one that only tells how a connection ended at the level debug. */
export function logFailure(name: string, error: unknown): void {
  if (error instanceof WebSocketError && ordinaryEndings.has(error.code)) {
    logger.debug(`${name}: ${error.message}`);
  } else {
    const [what, stack] = error instanceof Error ? [String(error), error.stack] : [inspect(error), undefined];
    logger.error(`${name} failed: ${what}`, stack);
  }
}
