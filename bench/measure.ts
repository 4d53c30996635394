import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Connector } from './load/connection.js';
import { closeAll, EchoClient, openAll, Tally } from './load/client.js';
import type { MessageRing } from './load/messages.js';
import type { FigureName, Load } from './loads.js';
import { baseline, type Command, type Peer } from './peers.js';
import { Server } from './server.js';

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

/** The outcome of one run: the figures, or the reason for their absence. */
export interface Run {
  readonly figures: Figures;
  /** Something that the peer cannot do. */
  readonly unsupported?: string;
  /** A wrong byte, or a connection that ended early. */
  readonly failure?: string;
}

/** Memory settles for this time before it is measured, in ms. */
const SETTLE = 500;
/** Idle connections that are opened before the measured ones: the first ones cost more. */
const FIRST_CONNECTIONS = 500;
/** The load keeps this number of bytes waiting for the kernel, so that the kernel always has work. */
const KEEP_WAITING = 4 * 1024 * 1024;
/** A server that takes nothing for this time has stopped reading, in ms. */
const STALL = 1500;
/** The distance between the first messages of two clients. It is a prime, so each message is the first one of a client. */
const STRIDE = 7919;

class UnsupportedError extends Error {}

/** Whether the peer takes part. `ws` has no HTTP/2, so its place is taken by `ws` over HTTP/1.1 and TLS. */
export function takesPart(peer: Peer, load: Load): boolean {
  const { transports, name, room } = peer;
  const isBaseline = name === baseline;
  return (load.kind !== 'broadcast' || room !== undefined) && (isBaseline || transports.includes(load.transport));
}

/**
 * Starts the server, measures it under the load, and stops it.
 *
 * @param seconds the time of the measurement, after a warm-up
 */
export async function measure(
  peer: Peer,
  command: Command,
  load: Load,
  ring: MessageRing,
  seconds: number,
): Promise<Run> {
  let server: Server | undefined;
  try {
    const transport = peer.transports.includes(load.transport) ? load.transport : 'https';
    const [program, path] = load.kind === 'broadcast' ? [peer.room!, '/room'] : [command, peer.path];
    server = await Server.start(program, load, transport, path);
    return { figures: await measureKind[load.kind](server, load, ring, seconds) };
  } catch (error) {
    const { message } = error as Error;
    return { figures: {}, ...(error instanceof UnsupportedError ? { unsupported: message } : { failure: message }) };
  } finally {
    await server?.stop();
  }
}

type Measure = (server: Server, load: Load, ring: MessageRing, seconds: number) => Promise<Figures>;

const measureKind: Readonly<Record<Load['kind'], Measure>> = {
  async echo(server, load, ring, seconds) {
    const tally = new Tally();
    const clients = await openClients(server, ring, tally, load.connections, load.inFlight);
    if (ring.isCompressed && clients.some(({ connection }) => !connection.isCompressed)) {
      clients.forEach(({ connection }) => connection.stream.destroy());
      throw new UnsupportedError('does not compress');
    }
    clients.forEach((client) => client.start());
    const figures = await measureWindow(server, tally, seconds);
    await closeAll(clients, tally);
    return figures;
  },

  async handshakes(server, load, ring, seconds) {
    const tally = new Tally();
    const connector = new Connector(server.target);
    let isOver = false;
    const connectAndClose = async (): Promise<void> => {
      while (!isOver) {
        const start = performance.now();
        const client = new EchoClient(ring, tally, 1, 0);
        await client.open(connector);
        tally.addLatency(performance.now() - start);
        await client.close();
        client.connection.stream.destroy();
        tally.count(1);
      }
    };
    const loops = Array.from({ length: load.connections }, () =>
      connectAndClose().catch((error: Error) => tally.fail(error)),
    );
    const figures = await measureWindow(server, tally, seconds).finally(() => (isOver = true));
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
    const { peakMemory } = server.usage();
    await closeAll([...first, ...rest], tally);
    return { memoryPerConnection: (after - before) / load.connections, peakMemory };
  },

  async unread(server, load, ring) {
    const tally = new Tally();
    const [client] = await openClients(server, ring, tally, 1, 1);
    const { stream } = client.connection;
    const before = await settledMemory(server);
    stream.pause();
    const sendSome = (): void => {
      while (client.sent < load.inFlight && stream.writableLength < KEEP_WAITING) {
        client.send(1);
      }
    };
    for (let since = performance.now(), taken = -1; performance.now() - since < STALL; await delay(5)) {
      sendSome();
      const nowTaken = client.sent * ring.messageLength - stream.writableLength;
      if (nowTaken !== taken) {
        taken = nowTaken;
        since = performance.now();
      }
    }
    const { peakMemory } = server.usage();
    stream.resume();
    while (client.sent < load.inFlight) {
      sendSome();
      await tally.next();
    }
    await closeAll([client], tally);
    return { memoryGrowth: Math.max(0, peakMemory - before), peakMemory };
  },

  async broadcast(server, load, ring, seconds) {
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
    const figures = await measureWindow(server, tally, seconds);
    speaker.stop();
    await tally.until(() => members.every(({ echoed }) => echoed === speaker.sent));
    members.forEach(({ connection }) => connection.stream.destroy());
    return figures;
  },
};

function openClients(
  { target }: Server,
  ring: MessageRing,
  tally: Tally,
  count: number,
  inFlight: number,
): Promise<EchoClient[]> {
  const connector = new Connector(target);
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
  return server.usage().memory;
}

/** Measures a server that is at work. */
async function measureWindow(server: Server, tally: Tally, seconds: number): Promise<Figures> {
  const duration = seconds * 1000;
  await delay(Math.min(1000, duration));
  const from = await moment(server, tally);
  tally.forgetLatencies();
  await delay(duration);
  const to = await moment(server, tally);
  const rate = (figure: keyof typeof to): number => (to[figure] - from[figure]) / (to.time - from.time);
  const [p50, p99] = tally.percentiles(0.5, 0.99);
  return {
    cpu: rate('serverCpu') / rate('messages'),
    perSecond: rate('messages') * 1000,
    p50,
    p99,
    peakMemory: server.usage().peakMemory,
    serverCpu: rate('serverCpu'),
    loadCpu: rate('loadCpu'),
    otherCpu: Math.max(0, rate('machineCpu') - rate('serverCpu') - rate('loadCpu')),
  };
}

/** Times in ms. */
async function moment(
  server: Server,
  tally: Tally,
): Promise<Record<'time' | 'messages' | 'serverCpu' | 'loadCpu' | 'machineCpu', number>> {
  await tally.next();
  const { user, system } = process.cpuUsage();
  const busy = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return {
    time: performance.now(),
    messages: tally.messages,
    serverCpu: server.usage().cpu,
    loadCpu: (user + system) / 1000,
    machineCpu: busy.reduce((sum, time) => sum + time, 0),
  };
}
