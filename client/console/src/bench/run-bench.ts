import { once } from 'node:events';
import { Presets, SingleBar } from 'cli-progress';
import { WebSocket } from 'ws';
import { connect, type ClientConnection, type ConnectOptions } from '../connection/connect.js';
import { ConnectError } from '../connection/connect-error.js';
import type { Reporter } from '../display/reporter.js';
import { ExitCode } from '../exit-code.js';
import type { BenchLoad, BenchResult } from './bench-result.js';
import { BenchRun } from './bench-run.js';

/** How many handshakes run at once. A larger number would test the backlog of the server. */
const HANDSHAKES = 50;

/**
 * Opens the connections, runs the load, and reports the result.
 *
 * @param interrupt ends the run early; its result is still reported
 */
export async function runBench(
  options: ConnectOptions,
  load: BenchLoad,
  quietPeriod: number,
  reporter: Reporter,
  interrupt: AbortSignal,
): Promise<ExitCode> {
  let connections: ClientConnection[];
  try {
    connections = await openAll(load.connections, () => connect(options, interrupt));
  } catch (error) {
    if (interrupt.aborted) {
      return ExitCode.interrupted;
    }
    if (!(error instanceof ConnectError)) {
      throw error;
    }
    reporter.ended({ kind: 'not connected', error });
    return ExitCode.notConnected;
  }
  connections.slice(0, 1).forEach((connection) => reporter.opened(connection));

  const run = new BenchRun(connections, load);
  const bar = new ProgressBar(load.duration, () => run.progress);
  await run.send(interrupt);
  await run.settle(quietPeriod, interrupt);
  bar.stop();
  const result = run.result();
  // Reported first, because the server may be slow to answer the close.
  reporter.benchmark(result);
  await Promise.all(connections.map(close));
  return exitCodeOf(result);
}

async function openAll(count: number, open: () => Promise<ClientConnection>): Promise<ClientConnection[]> {
  const connections: ClientConnection[] = [];
  while (connections.length < count) {
    const some = Math.min(HANDSHAKES, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: some }, open))));
  }
  return connections;
}

async function close({ webSocket }: ClientConnection): Promise<void> {
  if (webSocket.readyState !== WebSocket.CLOSED) {
    const closed = once(webSocket, 'close');
    webSocket.close(1000, 'Status');
    await closed;
  }
}

function exitCodeOf({ load, sent, echoed, differed, lostConnections, unanswered, unsent }: BenchResult): ExitCode {
  if (differed > 0) {
    return ExitCode.echoWrong;
  }
  if (lostConnections > 0) {
    return ExitCode.closedAbnormally;
  }
  const isMissed = load.verify ? unanswered + unsent > 0 : sent > 0 && echoed === 0;
  return isMissed ? ExitCode.echoWrong : ExitCode.done;
}

/** A progress bar on stderr with the elapsed time and the number of echoes. It is not shown if stderr is not a terminal. */
export class ProgressBar {
  private readonly bar = new SingleBar(
    {
      format: '{bar} {percentage}% | {elapsedSeconds} of {seconds} s | {echoed} echoes',
      stream: process.stderr,
      clearOnComplete: true,
      // After an interrupt the cursor would stay hidden.
      hideCursor: false,
    },
    Presets.shades_classic,
  );
  private readonly timer: NodeJS.Timeout;

  /** @param progress the milliseconds since the start, and the number of echoes */
  constructor(duration: number, progress: () => { elapsed: number; echoed: number }) {
    const draw = (): void => {
      const { elapsed, echoed } = progress();
      const elapsedSeconds = (Math.min(elapsed, duration) / 1000).toFixed(0);
      this.bar.update(Math.min(elapsed, duration), { elapsedSeconds, echoed });
    };
    this.bar.start(duration, 0, { elapsedSeconds: 0, seconds: duration / 1000, echoed: 0 });
    this.timer = setInterval(draw, 100);
  }

  /** Removes the bar. */
  stop(): void {
    clearInterval(this.timer);
    this.bar.stop();
  }
}
