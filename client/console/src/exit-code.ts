import { isFarewell, type Ending } from './session/ending.js';
import type { Echoes } from './session/echoes.js';

/** How the program says to other programs how it went. */
export const ExitCode = {
  /** All was sent, and the connection was closed as it should be. */
  done: 0,
  /** The command line, or a line of stdin, cannot be used. */
  usage: 1,
  /** No connection came about: nobody answered, TLS failed, or the server or the proxy refused. */
  notConnected: 2,
  /** The connection was lost, the server closed it with another status than 1000, or stdout cannot be written. */
  closedAbnormally: 3,
  /** None of the messages had an echo, or, with --verify, one of them had none or one that differs. */
  echoWrong: 4,
  /** Ctrl+C before there was a connection to close, or a second time: what shells say of SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * What to say of a session that ended so.
 *
 * @param expected which messages should have had an echo; with `every`, the same as was sent
 * @param allSent whether everything was sent that should be
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
  if (!isFarewell(ending.closed) || (!allSent && !ending.closed.byUs)) {
    return ExitCode.closedAbnormally;
  }
  const isMissed = expected === 'every' || (expected === 'some' && lost === sent);
  return lost > 0 && isMissed ? ExitCode.echoWrong : ExitCode.done;
}
