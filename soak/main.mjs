// Runs the built server with clients that misbehave. Checks that healthy clients lose nothing, and that nothing leaks.
import { Command, InvalidArgumentError } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.mjs';
import { endpoints, runHealthyClients, Tally } from './healthy.mjs';
import { misbehaving } from './misbehaving.mjs';
import { leftBehind, mebibytes, SoakServer } from './server.mjs';

/** How long the server may take to release the resources of the clients, in ms: all its time-outs are shorter. */
const PATIENCE = 150_000;

const { seconds, connections, maxWait } = readCommandLine();
/** Each kind of fault, with its count and an example. */
const faults = new Map();
const server = await SoakServer.start();
process.on('exit', () => server.kill());

const hasHttp2 = Number.parseInt(process.versions.node, 10) >= 24;
const transports = hasHttp2 ? ['http', 'https', 'h2'] : ['http', 'https'];
if (!hasHttp2) {
  say('Without HTTP/2, which is off by default below Node.js 24.');
}

say('Warming up.');
await Promise.all(Object.entries(misbehaving).map(([name, round]) => play(name, round)));
await crowd(2, Math.min(connections, 60));
const before = await settled(() => true);
faults.clear(); // a first round may meet a server that still compiles
say(`Before: heap ${mebibytes(before.heap)}, ${before.counts.files} files.`);

const tally = await crowd(seconds, connections);
say(
  `${tally.connections} healthy connections, ${tally.exchanges} exchanges, longest wait ${Math.round(tally.longestWait)} ms.`,
);
if (maxWait > 0 && tally.longestWait > maxWait) {
  report('wait', new Error(`A healthy client waited ${Math.round(tally.longestWait)} ms; accepted: ${maxWait} ms.`));
}
if (tally.exchanges === 0) {
  report('healthy clients', new Error('They exchanged nothing.'));
}

const after = await settled((probe) => leftBehind(before, probe).length === 0);
leftBehind(before, after).forEach((what) => report('left behind', new Error(what)));
say(`After: heap ${mebibytes(after.heap)}, ${after.counts.files} files.`);
await shutDown();
if (server.stderr !== '') {
  report('stderr', new Error(server.stderr.slice(0, 1000)));
}
for (const [kind, { count, example }] of faults) {
  say(`FAULT: ${kind}, ${count} times: ${example}`);
}
say(faults.size === 0 ? 'All is as it was before.' : `${faults.size} kinds of faults.`);
process.exit(faults.size === 0 ? 0 : 1);

function readCommandLine() {
  const number = (text) => {
    if (!/^\d+$/.test(text)) {
      throw new InvalidArgumentError('Accepted: a whole number.');
    }
    return Number(text);
  };
  return new Command('soak')
    .description('Runs the built server among clients that misbehave. Exits with 0 if nothing is lost or left behind.')
    .option('--seconds <number>', 'how long', number, 600)
    .option('--connections <number>', 'how many healthy clients at once; about half as many misbehave', number, 1000)
    .option('--max-wait <ms>', 'how long a healthy client may wait for an answer; 0 for any time', number, 1000)
    .parse()
    .opts();
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function report(kind, { message }) {
  const fault = faults.get(kind) ?? { count: 0, example: message };
  faults.set(kind, { ...fault, count: fault.count + 1 });
}

async function play(name, round) {
  try {
    await round({ server, transports });
  } catch (error) {
    report(name, error);
    await sleep(500);
  }
}

/** Runs healthy and misbehaving clients together for a time. */
async function crowd(time, size) {
  const result = new Tally();
  const stop = new AbortController();
  const { signal } = stop;
  const healthy = Array.from({ length: size }, (_, i) =>
    runHealthyClients({
      server,
      transport: transports[i % transports.length],
      endpoint: endpoints[Math.floor(i / transports.length) % endpoints.length],
      tally: result,
      report,
      signal,
    }),
  );
  const kinds = Object.entries(misbehaving);
  const others = Array.from({ length: Math.max(kinds.length, Math.floor(size / 2)) }, async (_, i) => {
    while (!signal.aborted) {
      await play(...kinds[i % kinds.length]);
      await sleep(Math.random() * 500);
    }
  });
  await Promise.race([sleep(time * 1000), server.exit]);
  stop.abort();
  if (server.ended !== undefined) {
    report('the server', new Error(`It ended with ${server.ended}: ${server.stderr}`));
    return result;
  }
  await Promise.all([...healthy, ...others]);
  return result;
}

/** Probes the server until no client is connected and a condition holds, or for `PATIENCE`. */
async function settled(holds) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const probe = await server.probe();
    if ((!('TCPSocketWrap' in probe.counts) && holds(probe)) || performance.now() > end) {
      return probe;
    }
    await sleep(1000);
  }
}

/** Checks that a shutdown closes clients with 1001, and that the server exits with 0. */
async function shutDown() {
  const last = await Promise.all(
    transports.flatMap((transport) => endpoints.map((path) => Connection.open(server, transport, path))),
  );
  server.shutDown();
  await Promise.all(last.map((connection) => connection.ended()));
  const codes = new Set(last.map(({ closeCode }) => closeCode));
  if (codes.size !== 1 || !codes.has(1001)) {
    report('shutdown', new Error(`Clients were closed with ${[...codes].join(', ')}, and not with 1001.`));
  }
  await server.exit;
  if (server.ended !== 0) {
    report('shutdown', new Error(`The server ended with ${server.ended}, and not with 0.`));
  }
}
