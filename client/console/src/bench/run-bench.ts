import { once } from 'node:events';
import { WebSocket } from 'ws';
import { connect, type Connection, type ConnectOptions } from '../connection/connect.js';
import { ConnectError } from '../connection/connect-error.js';
import type { Reporter } from '../display/reporter.js';
import { ExitCode } from '../exit-code.js';
import type { BenchLoad, BenchResult } from './bench-result.js';
import { BenchRun } from './bench-run.js';
import { ProgressBar } from './progress-bar.js';

/** As many handshakes go on at once: more of them would be a test of the server's backlog. */
const HANDSHAKES = 50;

/**
 * Opens the connections, puts the load on them, and says what came of it.
 *
 * @param interrupt ends it early; what was measured until then counts
 */
export async function runBench(
  options: ConnectOptions,
  load: BenchLoad,
  quietPeriod: number,
  reporter: Reporter,
  interrupt: AbortSignal,
): Promise<ExitCode> {
  let connections: Connection[];
  try {
    connections = await openAll(load.connections, () => connect(options, interrupt));
  } catch (error) {
    if (interrupt.aborted) return ExitCode.interrupted;
    if (!(error instanceof ConnectError)) throw error;
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
  // Said first: a server that does not answer the close is waited for, which takes its time.
  reporter.benchmark(result);
  await Promise.all(connections.map(close));
  return exitCodeOf(result);
}

async function openAll(count: number, open: () => Promise<Connection>): Promise<Connection[]> {
  const connections: Connection[] = [];
  while (connections.length < count) {
    const some = Math.min(HANDSHAKES, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: some }, open))));
  }
  return connections;
}

async function close({ webSocket }: Connection): Promise<void> {
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
