import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startNode, stopProcess } from './child-processes.js';
import type { BroadcastRun } from './client/broadcast-run.js';
import type { EchoRun } from './client/echo-run.js';
import type { HandshakeRun } from './client/handshake-run.js';
import type { IdleRun } from './client/idle-run.js';
import type { LargeMessageRun } from './client/large-message-run.js';
import type { LoadAssignment } from './client/main.js';
import type { SlowReaderRun } from './client/slow-reader-run.js';
import type { StuckReadersRun } from './client/stuck-readers-run.js';
import type { Run } from './figures.js';
import type { IdleLoad, Load } from './loads.js';
import { busyTime } from './machine.js';
import type { Peer } from './peers.js';
import { Remote } from './remote-calls.js';
import type { ServerCalls } from './report-usage.js';
import { startServer } from './server-process.js';
import { median } from './statistics.js';
import type { Usage } from './usage.js';

export interface Timing {
  /** How long a server works before it is measured, in ms. */
  readonly warmUp: number;
  /** How long it is measured, in ms. */
  readonly duration: number;
  /** How long memory is left to settle before it is looked at, in ms. */
  readonly settle: number;
}

type Server = Remote<ServerCalls>;

/** The longest that a step of a run may take, in ms. */
const TIMEOUT = 120_000;
const loadProgram = fileURLToPath(new URL('client/main.js', import.meta.url));

/** Starts a server and a load generator, has them work, and ends both. */
export async function measure(peer: Peer, load: Load, timing: Timing): Promise<Run> {
  const processes = [];
  try {
    const { process: serverProcess, remote: server, target } = await startServer(peer, load);
    processes.push(serverProcess);
    const assignment: LoadAssignment = { load, target };
    const loadProcess = startNode([loadProgram, JSON.stringify(assignment)], { PATH: process.env.PATH }, 'load');
    loadProcess.stdout?.pipe(process.stderr);
    loadProcess.stderr?.pipe(process.stderr);
    processes.push(loadProcess);
    switch (load.kind) {
      case 'echo':
      case 'handshakes':
      case 'broadcast':
        return await measureThroughput(server, new Remote(loadProcess, TIMEOUT), timing);
      case 'large-message':
        return await measureLargeMessage(server, new Remote(loadProcess, TIMEOUT), timing);
      case 'idle':
        return await measureIdle(server, new Remote(loadProcess, TIMEOUT), load, timing);
      case 'slow-reader':
        return await measureSlowReader(server, new Remote(loadProcess, TIMEOUT), timing);
      default:
        return await measureStuckReaders(server, new Remote(loadProcess, TIMEOUT), timing);
    }
  } catch (error) {
    return { figures: {}, failures: 1, firstFailure: (error as Error).message };
  } finally {
    await Promise.all(processes.map(stopProcess));
  }
}

async function measureThroughput(
  server: Server,
  load: Remote<EchoRun | HandshakeRun | BroadcastRun>,
  timing: Timing,
): Promise<Run> {
  const isSupported = await load.call('start');
  if (isSupported === false) {
    return { figures: {}, failures: 0, unsupported: 'does not compress' };
  }
  await delay(timing.warmUp);
  const from = await momentOf(server, load.call('progress'));
  await delay(timing.duration);
  const to = await momentOf(server, load.call('progress'));
  const outcome = await load.call('finish');

  // Each process is asked at a slightly different time, so each one's figures are taken per second of its own.
  const messagesPerSecond = ((to.load.messages - from.load.messages) / (to.load.time - from.load.time)) * 1000;
  const serverCpu = cpuShare(from.server, to.server);
  return {
    ...outcome,
    figures: {
      cpuPerMessage: (serverCpu / messagesPerSecond) * 1000,
      messagesPerSecond,
      p50: to.load.latency.p50,
      p90: to.load.latency.p90,
      p99: to.load.latency.p99,
      p999: to.load.latency.p999,
      peakMemory: to.server.peakMemory,
      ...cpuShares(from, to),
    },
  };
}

async function measureLargeMessage(server: Server, load: Remote<LargeMessageRun>, timing: Timing): Promise<Run> {
  await load.call('start');
  // The memory that one message takes shows before there was a second one.
  await load.call('echo');
  const { peakMemory } = await server.call('usage');
  await echoFor(timing.warmUp, load);
  const from = await momentOf(server, load.call('usage'));
  const times = await echoFor(timing.duration, load);
  const to = await momentOf(server, load.call('usage'));
  const outcome = await load.call('finish');
  return {
    ...outcome,
    figures: {
      cpuPerMessage: (to.server.cpu - from.server.cpu) / times.length,
      p50: median(times),
      peakMemory,
      ...cpuShares(from, to),
    },
  };
}

/** @returns how long each message took, in ms */
async function echoFor(milliseconds: number, load: Remote<LargeMessageRun>): Promise<number[]> {
  const end = performance.now() + milliseconds;
  const times = [];
  do {
    times.push(await load.call('echo'));
  } while (performance.now() < end);
  return times;
}

async function measureIdle(
  server: Server,
  load: Remote<IdleRun>,
  { connections }: IdleLoad,
  { settle }: Timing,
): Promise<Run> {
  await delay(settle);
  const before = await server.call('usage');
  await load.call('start');
  await delay(settle);
  const { memory, peakMemory } = await server.call('usage');
  const outcome = await load.call('finish');
  return { ...outcome, figures: { memoryPerConnection: (memory - before.memory) / connections, peakMemory } };
}

async function measureSlowReader(server: Server, load: Remote<SlowReaderRun>, { settle }: Timing): Promise<Run> {
  await load.call('start');
  await delay(settle);
  const before = await server.call('usage');
  const { accepted } = await load.call('fill');
  const { peakMemory } = await server.call('usage');
  await load.call('drain');
  const outcome = await load.call('finish');
  return { ...outcome, figures: { memoryGrowth: peakMemory - before.memory, accepted, peakMemory } };
}

async function measureStuckReaders(server: Server, load: Remote<StuckReadersRun>, { settle }: Timing): Promise<Run> {
  await load.call('start');
  await delay(settle);
  const before = await server.call('usage');
  await load.call('speak');
  const { peakMemory } = await server.call('usage');
  const outcome = await load.call('finish');
  return { ...outcome, figures: { memoryGrowth: peakMemory - before.memory, peakMemory } };
}

type Clocks = Pick<Usage, 'time' | 'cpu'>;

interface Moment<LoadUsage extends Usage = Usage> {
  readonly server: Usage;
  readonly load: LoadUsage;
  readonly machine: Clocks;
}

async function momentOf<LoadUsage extends Usage>(server: Server, load: Promise<LoadUsage>): Promise<Moment<LoadUsage>> {
  const machine = busyTime();
  const [serverUsage, loadUsage] = await Promise.all([server.call('usage'), load]);
  return { server: serverUsage, load: loadUsage, machine };
}

function cpuShares(from: Moment, to: Moment) {
  const serverCpu = cpuShare(from.server, to.server);
  const loadCpu = cpuShare(from.load, to.load);
  return { serverCpu, loadCpu, otherCpu: Math.max(0, cpuShare(from.machine, to.machine) - serverCpu - loadCpu) };
}

function cpuShare(from: Clocks, to: Clocks): number {
  return (to.cpu - from.cpu) / (to.time - from.time);
}
