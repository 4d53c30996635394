import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Connector } from './load/connection.js';
import { closeAll, EchoClient, openAll } from './load/echo-client.js';
import type { MessageRing } from './load/message-ring.js';
import { Latencies, Tally } from './load/tally.js';
import type { FigureName, Load } from './loads.js';
import { baseline, type Command, type Peer } from './peers.js';
import { Server, type Usage } from './server.js';

/** Times in ms, memory in bytes, shares of one core as numbers from 0 to 1. */
export interface Figures extends Partial<Record<FigureName, number>> {
  /** CPU time of the server per message or handshake. */
  readonly cpu?: number;
  /** Messages or handshakes. */
  readonly perSecond?: number;
  /** Latencies at saturation. */
  readonly p50?: number;
  readonly p99?: number;
  /** How busy the server, the load and the other programs of the machine were. */
  readonly serverCpu?: number;
  readonly loadCpu?: number;
  readonly otherCpu?: number;
}

/** The outcome of one run: figures, or the reason why there are none. */
export interface Run {
  readonly figures: Figures;
  /** Something that the peer cannot do. */
  readonly unsupported?: string;
  /** A wrong byte, or a connection that ended early. */
  readonly failure?: string;
}

export interface Timing {
  /** How long the server works before it is measured, in ms. */
  readonly warmUp: number;
  /** How long it is measured, in ms. */
  readonly duration: number;
}

/** How long memory settles before it is measured, in ms. */
const SETTLE = 500;
/** Connections that exist before idle ones are counted, so that the cost of the first ones is not counted. */
const FIRST_CONNECTIONS = 500;
/** So many bytes wait for the kernel that it always has work. */
const KEEP_WAITING = 4 * 1024 * 1024;
/** A server that has taken nothing for so long has stopped reading, in ms. */
const STALL = 1500;
/** Two clients start this far apart in the ring. It is a prime, so that each message is the first one of a client. */
const STRIDE = 7919;

class UnsupportedError extends Error {}

/** Whether the peer takes part. `ws` has no HTTP/2, so its place is taken by `ws` over HTTP/1.1 and TLS. */
export function takesPart(peer: Peer, load: Load): boolean {
  const { transports, name, room } = peer;
  const isBaseline = name === baseline;
  return (load.kind !== 'broadcast' || room !== undefined) && (isBaseline || transports.includes(load.transport));
}

/** Starts the server, measures it under the load, and stops it. */
export async function measure(
  peer: Peer,
  command: Command,
  load: Load,
  ring: MessageRing,
  timing: Timing,
): Promise<Run> {
  let server: Server | undefined;
  try {
    const transport = peer.transports.includes(load.transport) ? load.transport : 'https';
    const program = load.kind === 'broadcast' ? peer.room! : command;
    server = await Server.start(program, load, transport, load.kind === 'broadcast' ? '/room' : peer.path);
    return { figures: await measureKind[load.kind](server, load, ring, timing) };
  } catch (error) {
    const { message } = error as Error;
    return { figures: {}, ...(error instanceof UnsupportedError ? { unsupported: message } : { failure: message }) };
  } finally {
    await server?.stop();
  }
}

type Measure = (server: Server, load: Load, ring: MessageRing, timing: Timing) => Promise<Figures>;

const measureKind: Readonly<Record<Load['kind'], Measure>> = {
  async echo(server, load, ring, timing) {
    const tally = new Tally();
    const clients = await openClients(server, ring, tally, load.connections, load.inFlight);
    if (ring.isCompressed && clients.some(({ connection }) => !connection.isCompressed)) {
      clients.forEach(({ connection }) => connection.destroy());
      throw new UnsupportedError('does not compress');
    }
    clients.forEach((client) => client.start());
    const figures = await measureWindow(server, tally, timing);
    await closeAll(clients, tally);
    return figures;
  },

  async handshakes(server, load, ring, timing) {
    const tally = new Tally();
    const connector = new Connector(server.target);
    let isOver = false;
    const connectAndClose = async (): Promise<void> => {
      while (!isOver) {
        const start = performance.now();
        const client = new EchoClient(ring, tally, 1, 0);
        await client.open(connector);
        tally.latencies.add(performance.now() - start);
        await client.close();
        client.connection.destroy();
        tally.count(1);
      }
    };
    const loops = Array.from({ length: load.connections }, () =>
      connectAndClose().catch((error: Error) => tally.fail(error)),
    );
    const figures = await measureWindow(server, tally, timing).finally(() => (isOver = true));
    await Promise.all(loops);
    tally.throwIfFailed();
    return figures;
  },

  async idle(server, load, ring) {
    const tally = new Tally();
    const first = await openIdle(server, ring, tally, FIRST_CONNECTIONS);
    const before = await settledMemory(server);
    const rest = await openIdle(server, ring, tally, load.connections);
    const after = await settledMemory(server);
    const { peakMemory } = await server.usage();
    await closeAll([...first, ...rest], tally);
    return { memoryPerConnection: (after - before) / load.connections, peakMemory };
  },

  async unread(server, load, ring) {
    const tally = new Tally();
    const [client] = await openClients(server, ring, tally, 1, 1);
    const { connection } = client;
    const before = await settledMemory(server);
    connection.pause();
    const sendSome = (): void => {
      while (client.sent < load.inFlight && connection.bytesWaiting < KEEP_WAITING) {
        client.send(1);
      }
    };
    for (let since = performance.now(), taken = -1; performance.now() - since < STALL; await delay(5)) {
      sendSome();
      const nowTaken = client.sent * ring.messageLength - connection.bytesWaiting;
      if (nowTaken !== taken) {
        taken = nowTaken;
        since = performance.now();
      }
    }
    const { peakMemory } = await server.usage();
    connection.resume();
    while (client.sent < load.inFlight) {
      sendSome();
      await tally.next();
    }
    await closeAll([client], tally);
    return { memoryGrowth: Math.max(0, peakMemory - before), peakMemory };
  },

  async broadcast(server, load, ring, timing) {
    const tally = new Tally();
    const connector = new Connector(server.target);
    // All members expect what the first one sends.
    const members = await openAll(load.connections, async (index) => {
      const member = new EchoClient(ring, tally, load.inFlight, 0);
      await member.open(connector);
      member.sent = index === 0 ? 0 : Infinity;
      return member;
    });
    const [speaker] = members;
    speaker.start();
    const figures = await measureWindow(server, tally, timing);
    speaker.stop();
    await tally.until(() => members.every(({ echoed }) => echoed === speaker.sent));
    members.forEach(({ connection }) => connection.destroy());
    return figures;
  },
};

async function openClients(
  server: Server,
  ring: MessageRing,
  tally: Tally,
  count: number,
  inFlight: number,
): Promise<EchoClient[]> {
  const connector = new Connector(server.target);
  return openAll(count, async (index) => {
    const client = new EchoClient(ring, tally, inFlight, index * STRIDE);
    await client.open(connector);
    return client;
  });
}

/** Each connection echoes one message, so that what a server makes at the first message exists. */
async function openIdle(server: Server, ring: MessageRing, tally: Tally, count: number): Promise<EchoClient[]> {
  const clients = await openClients(server, ring, tally, count, 1);
  clients.forEach((client) => client.send(1));
  await tally.until(() => clients.every(({ sent, echoed }) => sent === echoed));
  return clients;
}

/** Resident memory after a garbage collection. */
async function settledMemory(server: Server): Promise<number> {
  await delay(SETTLE);
  await server.collectGarbage();
  await delay(SETTLE);
  return (await server.usage()).memory;
}

interface Moment {
  readonly time: number;
  readonly messages: number;
  readonly server: Usage;
  /** CPU time in ms. */
  readonly load: number;
  readonly machine: number;
}

/** Measures a server that is at work. */
async function measureWindow(server: Server, tally: Tally, { warmUp, duration }: Timing): Promise<Figures> {
  await delay(warmUp);
  const from = await moment(server, tally);
  tally.latencies = new Latencies();
  await delay(duration);
  const to = await moment(server, tally);
  const share = (cpu: (at: Moment) => number) => (cpu(to) - cpu(from)) / (to.time - from.time);
  const perMillisecond = (to.messages - from.messages) / (to.time - from.time);
  // The server may have its own clock.
  const serverCpu = (to.server.cpu - from.server.cpu) / (to.server.time - from.server.time);
  const loadCpu = share((at) => at.load);
  return {
    cpu: serverCpu / perMillisecond,
    perSecond: perMillisecond * 1000,
    p50: tally.latencies.percentile(0.5),
    p99: tally.latencies.percentile(0.99),
    peakMemory: to.server.peakMemory,
    serverCpu,
    loadCpu,
    otherCpu: Math.max(0, share((at) => at.machine) - serverCpu - loadCpu),
  };
}

async function moment(server: Server, tally: Tally): Promise<Moment> {
  await tally.next();
  const { user, system } = process.cpuUsage();
  const busy = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return {
    time: performance.now(),
    messages: tally.messages,
    server: await server.usage(),
    load: (user + system) / 1000,
    machine: busy.reduce((sum, time) => sum + time, 0),
  };
}
