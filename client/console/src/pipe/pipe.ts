import type { Readable } from 'node:stream';
import type { CloseStatus } from '../close-status.js';
import { UsageError } from '../command-line.js';
import { allEchoes, type Patience } from '../session/await-echoes.js';
import type { Session } from '../session/session.js';
import { readOrders, type Input } from './input.js';

/**
 * Does what stdin asks for, as fast as the socket takes messages and no faster, and closes when all echoes are in.
 *
 * @param how how stdin is read
 * @returns false when the session ended before all was sent
 * @throws UsageError when a line cannot be used
 */
export async function pipe(session: Session, stdin: Readable, how: Input, patience: Patience): Promise<boolean> {
  // Nothing is read before there is a connection to send it on.
  if (!(await session.opened())) {
    return false;
  }
  // What could not be sent is not waited for.
  session.once('end', () => stdin.destroy());
  let status: CloseStatus | undefined;
  try {
    for await (const order of readOrders(stdin as AsyncIterable<Buffer>, how)) {
      if (order.kind === 'close') {
        status = order.status;
        break;
      }
      if (!(await (order.kind === 'ping' ? session.ping(order.data) : session.send(order.message)))) {
        return false;
      }
    }
  } catch (error) {
    if (session.over.aborted) {
      return true;
    }
    session.close();
    throw error instanceof UsageError ? error : new UsageError(`stdin cannot be read: ${(error as Error).message}`);
  }
  session.close(status, await allEchoes(session, patience));
  return true;
}
