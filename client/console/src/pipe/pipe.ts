import type { Readable } from 'node:stream';
import type { CloseStatus } from '../close-status.js';
import { UsageError } from '../command-line.js';
import { awaitEchoes, type EchoWaitOptions } from '../session/await-echoes.js';
import type { Session } from '../session/session.js';
import { readStdin, type Input } from './input.js';

/**
 * Executes the commands on stdin, with backpressure from the socket, and closes when all echoes have arrived.
 *
 * @param how the format of stdin
 * @returns false if the session ended before everything was sent
 * @throws UsageError if a line is invalid
 */
export async function pipe(session: Session, stdin: Readable, how: Input, patience: EchoWaitOptions): Promise<boolean> {
  // Nothing is read before a connection is open.
  if (!(await session.opened())) {
    return false;
  }
  // After the end of the session, the rest of stdin is not read.
  session.once('end', () => stdin.destroy());
  let status: CloseStatus | undefined;
  try {
    for await (const command of readStdin(stdin as AsyncIterable<Buffer>, how)) {
      if (command.kind === 'close') {
        status = command.status;
        break;
      }
      if (!(await (command.kind === 'ping' ? session.ping(command.data) : session.send(command.message)))) {
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
  session.close(status, await awaitEchoes(session, patience));
  return true;
}
