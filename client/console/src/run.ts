import type { BenchLoad } from './bench/bench-result.js';
import type { ConnectOptions } from './connection/connect.js';
import { connectOptions } from './connection/connect-options.js';
import { needsPassphrase } from './connection/tls-options.js';
import { JsonReporter } from './display/json-reporter.js';
import { StandardStreams, TimedOutput, type Output } from './display/output.js';
import type { Reporter } from './display/reporter.js';
import { TextReporter } from './display/text-reporter.js';
import { ExitCode, exitCodeOf } from './exit-code.js';
import { isMeasuring, UsageError, type CommandLine } from './command-line.js';
import { askSecret, onInterrupt } from './terminal.js';
import { PromptReporter } from './prompt/prompt-reporter.js';
import { PromptScreen } from './prompt/prompt-screen.js';
import { DEFAULT_CLOSE_STATUS, type CloseStatus } from './close-status.js';
import { ping, PingStatistics } from './ping.js';
import { parseLine } from './pipe/input.js';
import { pipe } from './pipe/pipe.js';
import { LINE_FEED } from './pipe/split-lines.js';
import { prompt } from './prompt/prompt.js';
import { Session } from './session/session.js';

/**
 * Runs the client on the standard streams of the process.
 *
 * @throws UsageError if options contradict each other, or a file or a line of stdin cannot be used
 */
export async function run(url: URL, commandLine: CommandLine): Promise<ExitCode> {
  const complete = await withPassphrase(commandLine);
  return complete ? runWith(connectOptions(url, complete, process.env), complete) : ExitCode.interrupted;
}

/** Asks for the passphrase of the key if it is missing and there is a terminal. @returns undefined if the user gives none */
async function withPassphrase(commandLine: CommandLine): Promise<CommandLine | undefined> {
  if (!process.stdin.isTTY || !needsPassphrase(commandLine, process.env)) {
    return commandLine;
  }
  const passphrase = await askSecret(`Passphrase of ${commandLine.key}: `);
  return passphrase === undefined ? undefined : { ...commandLine, passphrase };
}

async function runWith(connect: ConnectOptions, commandLine: CommandLine): Promise<ExitCode> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  onInterrupt(interrupt);

  const screen = isAtTerminal(commandLine) ? new PromptScreen(interrupt) : undefined;
  const reporter = createReporter(connect.url, commandLine, screen, interrupt);
  if (!commandLine.bench) {
    return runSession(connect, commandLine, reporter, screen, interruption.signal);
  }
  const { runBench } = await import('./bench/run-bench.js');
  return runBench(connect, benchLoad(commandLine), commandLine.quietPeriod, reporter, interruption.signal);
}

/** Whether to prompt for messages: stdin and stdout are a terminal, and no option asks for another mode. */
function isAtTerminal(commandLine: CommandLine): boolean {
  const { json, bench, input, output } = commandLine;
  return (
    process.stdin.isTTY &&
    process.stdout.isTTY &&
    [json, bench, input, output, commandLine.null].every((value) => !value) &&
    !isMeasuring(commandLine)
  );
}

/** @param interrupt is called if stdout cannot be written */
function createReporter(
  url: URL,
  { json, timestamps, output, null: isNull, showHandshake = false, showFrames = false }: CommandLine,
  screen: PromptScreen | undefined,
  interrupt: () => void,
): Reporter {
  const shown = { handshake: showHandshake, frames: showFrames, raw: output === 'raw' };
  const timed = (lines: Output): Output => (timestamps ? new TimedOutput(lines) : lines);
  if (screen) {
    return new PromptReporter(timed(screen), url, shown);
  }
  // The JSON has no line breaks, so --null does not apply to it.
  const terminator = json ? '\n' : isNull ? '\0' : output === 'raw' ? '' : '\n';
  const streams = new StandardStreams(terminator, () => {
    process.exitCode = ExitCode.closedAbnormally;
    interrupt();
  });
  return json ? new JsonReporter(streams, showHandshake) : new TextReporter(timed(streams), url, shown);
}

function benchLoad({
  connections = 10,
  inFlight = 1,
  rate,
  duration = 10_000,
  size = 32,
  binary = false,
  verify = false,
}: CommandLine): BenchLoad {
  return { connections, inFlight, rate, duration, size, binary, verify };
}

/**
 * Runs a session in the mode that the command line asks for: ping, prompt or pipe.
 *
 * @param screen the terminal, in the mode prompt
 * @param interrupt closes the connection
 * @throws UsageError if a line of stdin is not a message
 */
async function runSession(
  connect: ConnectOptions,
  commandLine: CommandLine,
  reporter: Reporter,
  screen: PromptScreen | undefined,
  interrupt: AbortSignal,
): Promise<ExitCode> {
  const session = createSession(connect, commandLine, reporter);
  interrupt.addEventListener('abort', () => session.close());
  const running = session.run();
  try {
    const allSent = await exchange(session, commandLine, reporter, screen);
    return exitCodeOf(await running, session.echoes, expectedEchoes(commandLine, screen), allSent);
  } finally {
    // After an invalid line the connection is still closing.
    await running;
  }
}

/** @throws UsageError if options contradict each other */
function createSession(connect: ConnectOptions, commandLine: CommandLine, reporter: Reporter): Session {
  const { reconnect = 0, verify = false, binary = false, execute = [], showFrames } = commandLine;
  if (binary && commandLine.input === 'json') {
    throw new UsageError('--input json states the type of each message, so --binary does not apply to it.');
  }
  return new Session({
    ...commandLine,
    connect,
    verify,
    closeStatus: closeStatusOf(commandLine),
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

/** The status to close with. As at the prompt, a code alone has no reason. */
function closeStatusOf({ closeStatusCode, closeReason }: CommandLine): CloseStatus {
  const { code, reason } = DEFAULT_CLOSE_STATUS;
  return {
    code: closeStatusCode ?? code,
    reason: closeReason ?? (closeStatusCode === undefined ? reason : ''),
  };
}

/** At a terminal the user sees which echoes are missing. */
function expectedEchoes({ verify, echo }: CommandLine, screen: PromptScreen | undefined): 'every' | 'some' | 'none' {
  return verify ? 'every' : echo && !screen ? 'some' : 'none';
}

/** @returns false if the session ended before every message was sent */
async function exchange(
  session: Session,
  commandLine: CommandLine,
  reporter: Reporter,
  screen: PromptScreen | undefined,
): Promise<boolean> {
  if (isMeasuring(commandLine)) {
    const statistics = new PingStatistics(session);
    session
      .on('message', (...message) => pauseUnless(reporter.echo(session.echoes.received, ...message), session, reporter))
      .on('end', () => {
        if (session.echoes.sent > 0) {
          reporter.summary(statistics.summary());
        }
      });
    const { count = Number.POSITIVE_INFINITY, interval = 1000, size = 32, binary = false } = commandLine;
    return ping(session, { count, interval, size, binary }, commandLine);
  }
  session.on('message', (...message) => pauseUnless(reporter.message(...message), session, reporter));
  if (screen) {
    return prompt(session, screen);
  }
  const { input = 'lines', binary = false } = commandLine;
  return pipe(
    session,
    process.stdin,
    { format: input, separator: commandLine.null ? 0 : LINE_FEED, binary },
    commandLine,
  );
}

/** Backpressure: reads no faster from the server than stdout is read. */
function pauseUnless(isReady: boolean, session: Session, reporter: Reporter): void {
  if (!isReady) {
    session.pause();
    void reporter.drained().then(() => session.resume());
  }
}
