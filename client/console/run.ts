import { connectOptions } from './connection/connect-options.js';
import type { ConnectOptions } from './connection/connect.js';
import { JsonReporter } from './display/json-reporter.js';
import { StandardStreams, type Lines } from './display/lines.js';
import type { Reporter } from './display/reporter.js';
import { TextReporter } from './display/text-reporter.js';
import { exitCodeOf, type ExitCode } from './exit-code.js';
import type { Flags } from './flags.js';
import { onInterrupt } from './interrupt.js';
import { PingStatistics } from './ping/ping-summary.js';
import { ping } from './ping/ping.js';
import { pipe } from './pipe/pipe.js';
import { PromptReporter } from './prompt/prompt-reporter.js';
import { PromptScreen } from './prompt/prompt-screen.js';
import { prompt } from './prompt/prompt.js';
import type { Echo, Message } from './session/echoes.js';
import { Session } from './session/session.js';

/**
 * Does what the command line says, on the process's own streams.
 *
 * @throws UsageError when it cannot be done so
 */
export async function run(url: URL, flags: Flags): Promise<ExitCode> {
  const connect = connectOptions(url, flags, process.env);
  const leave = (): void => session.close();
  const screen = isAtTerminal(flags) ? new PromptScreen(leave) : undefined;
  const reporter = createReporter(screen, leave, connect, flags);
  const session = createSession(connect, flags, reporter);
  onInterrupt(leave);

  const running = session.run();
  try {
    const allSent = await use(session, flags, reporter, screen);
    return exitCodeOf(await running, session.echoes, flags.verify ?? false, allSent);
  } finally {
    // A line that is no message closes the session, too, which takes its time.
    await running;
  }
}

function isMeasuring({ count, interval, size }: Flags): boolean {
  return [count, interval, size].some((value) => value !== undefined);
}

function isAtTerminal(flags: Flags): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && !flags.json && !isMeasuring(flags);
}

function createReporter(
  screen: PromptScreen | undefined,
  leave: () => void,
  { url }: ConnectOptions,
  { json, showHandshake = false, showFrames = false }: Flags,
): Reporter {
  const lines: Lines = screen ?? new StandardStreams(leave);
  if (json) {
    return new JsonReporter(lines, showHandshake);
  }
  const shown = { handshake: showHandshake, frames: showFrames };
  return screen ? new PromptReporter(lines, url, shown) : new TextReporter(lines, url, shown);
}

function createSession(connect: ConnectOptions, flags: Flags, reporter: Reporter): Session {
  const { reconnect = 0, verify = false, showFrames } = flags;
  const session = new Session({
    ...flags,
    connect,
    verify,
    reconnects: reconnect === true ? Number.POSITIVE_INFINITY : reconnect,
    onFrame: showFrames ? (direction, frame) => reporter.frame(direction, frame) : undefined,
  });
  return session
    .on('open', (connection) => {
      reporter.opened(connection);
      if (connect.compress && connection.webSocket.extensions === '') {
        reporter.warning('The server does not compress: messages go as they are.');
      }
    })
    .on('pong', (roundTrip) => reporter.pong(roundTrip))
    .on('close', (closed) => reporter.closed(closed))
    .on('reconnecting', (reconnection) => reporter.reconnecting(reconnection))
    .on('end', (ending) => {
      if (ending.kind === 'not connected') reporter.failed(ending.error);
    });
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
    const { count = Number.POSITIVE_INFINITY, interval = 1000, size = 32, binary = false } = flags;
    session.on('message', (message, echo) => {
      hold(session, reporter, reporter.echo(session.echoes.received, message, echo));
    });
    session.once('end', () => reporter.summary(statistics.summary()));
    return ping(session, { count, interval, size, binary }, flags);
  }
  session.on('message', (message: Message, echo: Echo) => hold(session, reporter, reporter.message(message, echo)));
  if (screen) {
    await prompt(session, screen);
    return true;
  }
  return pipe(session, process.stdin, flags.binary ?? false, flags);
}

/** Whoever reads slowly is not to be drowned: the server is read as slowly. */
function hold(session: Session, reporter: Reporter, isWelcome: boolean): void {
  if (!isWelcome) {
    session.pause();
    void reporter.drained().then(() => session.resume());
  }
}
