import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { UsageError } from '../flags.js';
import { parseHex } from '../hex.js';
import { allEchoes, type Patience } from '../session/all-echoes.js';
import type { Message } from '../session/echoes.js';
import type { Session } from '../session/session.js';
import { linesOf } from './lines-of.js';

/**
 * Sends each line as a message, as fast as the socket takes them and no faster, and closes when all echoes are in.
 *
 * @param binary whether the lines are hex
 * @returns false when the session ended before all lines were sent
 * @throws UsageError when a line is no message
 */
export async function pipe(session: Session, input: Readable, binary: boolean, patience: Patience): Promise<boolean> {
  // Nothing is read before there is somebody to send it to.
  if (!(await session.opened())) {
    return false;
  }
  // Nobody waits for a line that could not be sent.
  session.once('end', () => input.destroy());
  let number = 0;
  try {
    for await (const line of linesOf(input as AsyncIterable<Buffer>)) {
      number++;
      if (!(await session.send(toMessage(line, number, binary)))) {
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
  session.close(undefined, await allEchoes(session, patience));
  return true;
}

function toMessage(line: Buffer, number: number, binary: boolean): Message {
  if (!binary) {
    if (!isUtf8(line)) {
      // RFC 6455 section 5.6
      throw new UsageError(
        `Line ${number} of stdin is no UTF-8, which a text message has to be; --binary takes lines of hex.`,
      );
    }
    return { data: line, binary };
  }
  const data = parseHex(line.toString('latin1'));
  if (!data) {
    throw new UsageError(
      `Line ${number} of stdin is no hex, which --binary takes: ${JSON.stringify(line.toString().slice(0, 40))}`,
    );
  }
  return { data, binary };
}
