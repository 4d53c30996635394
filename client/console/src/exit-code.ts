import { isCleanClose, type Ending } from './session/ending.js';
import type { Echoes } from './session/echoes.js';

/** The exit codes of the program. */
export const ExitCode = {
  /** Everything was sent, and the connection was closed cleanly. */
  done: 0,
  /** The command line or a line of stdin is invalid. */
  usage: 1,
  /** The connection could not be opened: the server did not answer, TLS failed, or the server or the proxy refused. */
  notConnected: 2,
  /** The connection was lost, the server closed it with a status other than 1000, or stdout could not be written. */
  closedAbnormally: 3,
  /** No message had an echo, or, with --verify, an echo was missing or wrong. */
  echoWrong: 4,
  /** Ctrl+C before the connection was open, or a second time: the code of shells for SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * The exit code for the end of a session.
 *
 * @param expected which messages should have had an echo; with `every`, an identical one
 * @param allSent whether every message was sent
 */
export function exitCodeOf(
  ending: Ending,
  { sent, differed, lost }: Pick<Echoes, 'sent' | 'differed' | 'lost'>,
  expected: 'every' | 'some' | 'none',
  allSent: boolean,
): ExitCode {
  if (ending.kind === 'not connected') {
    return ExitCode.notConnected;
  }
  if (ending.kind === 'interrupted') {
    return ExitCode.interrupted;
  }
  if (differed > 0) {
    return ExitCode.echoWrong;
  }
  if (!isCleanClose(ending.closed) || (!allSent && !ending.closed.byClient)) {
    return ExitCode.closedAbnormally;
  }
  const isMissed = expected === 'every' || (expected === 'some' && lost === sent);
  return lost > 0 && isMissed ? ExitCode.echoWrong : ExitCode.done;
}
