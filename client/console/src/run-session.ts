import type { ConnectOptions } from './connection/connect.js';
import type { Reporter } from './display/reporter.js';
import { exitCodeOf, type ExitCode } from './exit-code.js';
import { isMeasuring, UsageError, type Flags } from './command-line.js';
import { PingStatistics } from './ping/ping-summary.js';
import { ping } from './ping.js';
import { FAREWELL, type CloseStatus } from './close-status.js';
import { parseLine } from './pipe/input.js';
import { LINE_FEED } from './pipe/split-lines.js';
import { pipe } from './pipe/pipe.js';
import type { PromptScreen } from './prompt/prompt-screen.js';
import { prompt } from './prompt/prompt.js';
import { Session } from './session/session.js';

/**
 * Talks to the server in the way that the command line asks for: as ping does, at a terminal, or in a pipe.
 *
 * @param screen the terminal, if somebody sits there
 * @param interrupt closes the connection
 * @throws UsageError when a line of stdin is no message
 */
export async function runSession(
  connect: ConnectOptions,
  flags: Flags,
  reporter: Reporter,
  screen: PromptScreen | undefined,
  interrupt: AbortSignal,
): Promise<ExitCode> {
  const session = createSession(connect, flags, reporter);
  interrupt.addEventListener('abort', () => session.close());
  const running = session.run();
  try {
    const allSent = await use(session, flags, reporter, screen);
    return exitCodeOf(await running, session.echoes, expectedEchoes(flags, screen), allSent);
  } finally {
    // A line that is no message closes the connection as well, which takes its time.
    await running;
  }
}

/** @throws UsageError when options do not go together */
function createSession(connect: ConnectOptions, flags: Flags, reporter: Reporter): Session {
  const { reconnect = 0, verify = false, binary = false, execute = [], showFrames } = flags;
  if (binary && flags.input === 'json') {
    throw new UsageError('--input json says for each message whether it is binary: --binary is not for it.');
  }
  return new Session({
    ...flags,
    connect,
    verify,
    farewell: farewell(flags),
    first: execute.map((text) => parseLine(Buffer.from(text), '--execute', binary)),
    reconnects: reconnect === true ? Number.POSITIVE_INFINITY : reconnect,
    onFrame: showFrames ? (direction, frame) => reporter.frame(direction, frame) : undefined,
  })
    .on('open', (connection) => reporter.opened(connection))
    .on('pong', (roundTrip, data) => reporter.pong(roundTrip, data))
    .on('close', (closed) => reporter.closed(closed))
    .on('reconnecting', (reconnection) => reporter.reconnecting(reconnection))
    .on('end', (ending) => reporter.ended(ending));
}

/** As at the prompt, a code alone has no reason. */
function farewell({ closeStatusCode, closeReason }: Flags): CloseStatus {
  const { code, reason } = FAREWELL;
  return {
    code: closeStatusCode ?? code,
    reason: closeReason ?? (closeStatusCode === undefined ? reason : ''),
  };
}

/** A person at a terminal sees what is missing. */
function expectedEchoes({ verify, echo }: Flags, screen: PromptScreen | undefined): 'every' | 'some' | 'none' {
  return verify ? 'every' : echo && !screen ? 'some' : 'none';
}

/** @returns false when the session ended before all was sent that should be */
async function use(
  session: Session,
  flags: Flags,
  reporter: Reporter,
  screen: PromptScreen | undefined,
): Promise<boolean> {
  if (isMeasuring(flags)) {
    const statistics = new PingStatistics(session);
    session
      .on('message', (...message) => hold(session, reporter, reporter.echo(session.echoes.received, ...message)))
      .on('end', () => {
        if (session.echoes.sent > 0) reporter.summary(statistics.summary());
      });
    const { count = Number.POSITIVE_INFINITY, interval = 1000, size = 32, binary = false } = flags;
    return ping(session, { count, interval, size, binary }, flags);
  }
  session.on('message', (...message) => hold(session, reporter, reporter.message(...message)));
  if (screen) {
    return prompt(session, screen);
  }
  const { input = 'lines', binary = false } = flags;
  return pipe(session, process.stdin, { format: input, separator: flags.null ? 0 : LINE_FEED, binary }, flags);
}

/** Whoever reads slowly is not to be drowned: the server is read as slowly. */
function hold(session: Session, reporter: Reporter, isWelcome: boolean): void {
  if (!isWelcome) {
    session.pause();
    void reporter.drained().then(() => session.resume());
  }
}
