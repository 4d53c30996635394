import type { BenchLoad } from './bench/bench-result.js';
import { runBench } from './bench/run-bench.js';
import { askSecret } from './ask-secret.js';
import type { ConnectOptions } from './connection/connect.js';
import { connectOptions } from './connection/connect-options.js';
import { needsPassphrase } from './connection/tls-options.js';
import { JsonReporter } from './display/json-reporter.js';
import { StandardStreams, TimedLines, type Lines } from './display/output.js';
import type { Reporter } from './display/reporter.js';
import { TextReporter } from './display/text-reporter.js';
import { ExitCode } from './exit-code.js';
import { isMeasuring, type Flags } from './command-line.js';
import { onInterrupt } from './terminal.js';
import { PromptReporter } from './prompt/prompt-reporter.js';
import { PromptScreen } from './prompt/prompt-screen.js';
import { runSession } from './run-session.js';

/**
 * Does what the command line says, on the process's own streams.
 *
 * @throws UsageError when it cannot be done so
 */
export async function run(url: URL, flags: Flags): Promise<ExitCode> {
  const complete = await withPassphrase(flags);
  return complete ? runWith(connectOptions(url, complete, process.env), complete) : ExitCode.interrupted;
}

/** Asks for the passphrase of the key where that is needed and possible; undefined when it is not given. */
async function withPassphrase(flags: Flags): Promise<Flags | undefined> {
  if (!process.stdin.isTTY || !needsPassphrase(flags, process.env)) {
    return flags;
  }
  const passphrase = await askSecret(`Passphrase of ${flags.key}: `);
  return passphrase === undefined ? undefined : { ...flags, passphrase };
}

async function runWith(connect: ConnectOptions, flags: Flags): Promise<ExitCode> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  onInterrupt(interrupt);

  const screen = isAtTerminal(flags) ? new PromptScreen(interrupt) : undefined;
  const reporter = createReporter(connect.url, flags, screen, interrupt);
  return flags.bench
    ? runBench(connect, benchLoad(flags), flags.quietPeriod, reporter, interruption.signal)
    : runSession(connect, flags, reporter, screen, interruption.signal);
}

/** Whether somebody sits there who can be asked for messages. */
function isAtTerminal(flags: Flags): boolean {
  const { json, bench, input, output } = flags;
  return (
    process.stdin.isTTY &&
    process.stdout.isTTY &&
    [json, bench, input, output, flags.null].every((value) => !value) &&
    !isMeasuring(flags)
  );
}

/** @param interrupt is called when stdout cannot be written */
function createReporter(
  url: URL,
  { json, timestamps, output, null: isNull, showHandshake = false, showFrames = false }: Flags,
  screen: PromptScreen | undefined,
  interrupt: () => void,
): Reporter {
  const shown = { handshake: showHandshake, frames: showFrames, raw: output === 'raw' };
  const timed = (lines: Lines): Lines => (timestamps ? new TimedLines(lines) : lines);
  if (screen) {
    return new PromptReporter(timed(screen), url, shown);
  }
  // JSON has no line breaks, so its lines need no other end.
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
}: Flags): BenchLoad {
  return { connections, inFlight, rate, duration, size, binary, verify };
}
