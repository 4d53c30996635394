import { Command, InvalidArgumentError, Option } from 'commander';
import { MessageRing } from './load/messages.js';
import { loads, type Load } from './loads.js';
import { measure, takesPart, type Run } from './measure.js';
import { baseline, installFromNpm, peers, UnavailableError, type Command as PeerCommand, type Peer } from './peers.js';
import { detailTable, publish, ratioTable, summarize, type LoadResults } from './report.js';
import { pinLoad } from './server.js';

/** A larger share of a core that other programs take disturbs a run. */
const QUIET = 0.1;

const options = readCommandLine();
if (options.install) {
  say('Installing Bun and Deno from npm.');
  await installFromNpm();
}
const commands = await findPeers();
const pinning = pinLoad();
say(`Node.js ${process.version}; ${pinning}; medians of ${options.rounds} rounds of ${options.seconds} s.`);

const results: LoadResults[] = [];
for (const load of loads.filter(({ name }) => !options.loads || options.loads.includes(name))) {
  say(`\n${load.title}`);
  const result = summarize(load, await compare(load));
  results.push(result);
  process.stdout.write(`${detailTable(result)}\n`);
}
process.stdout.write(`\nHow many times less than ws each server needs; more is better:\n\n${ratioTable(results)}\n`);

const summaries = results.flatMap(({ load, peers: all }) => all.map((peer) => ({ load, ...peer })));
if (summaries.some(({ figures }) => (figures.otherCpu ?? 0) > QUIET)) {
  say('\nOther programs took more than 10% of a core ("other CPU"). Repeat this on a quiet machine.');
}
const failures = summaries.filter(({ failure }) => failure !== undefined);
failures.forEach(({ load, peer, failure }) => say(`${load.title}, ${peer.title}: ${failure}`));
// A row says where another peer was wrong. Figures of this project, and those that they are compared with, must be right.
if (options.publish && failures.every(({ peer }) => peer.name !== 'nest-ws-echo' && peer.name !== baseline)) {
  const written = await publish(results, `${pinning}, medians of ${options.rounds} rounds of ${options.seconds} s`);
  say(`Updated: ${written.join(', ')}`);
}
process.exit(failures.length > 0 ? 1 : 0);

interface Options {
  readonly loads?: readonly string[];
  readonly peers?: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly install?: boolean;
  readonly publish?: boolean;
}

function readCommandLine(): Options {
  const command = new Command('npm run bench --')
    .description(
      'Compares the server with others under the same loads and checks each echoed byte. The exit code is 1 if a byte was ' +
        'wrong or a connection ended early. All loads and peers together take about an hour.',
    )
    .addOption(namesOption('loads', loads))
    .addOption(namesOption('peers', peers))
    .option('--rounds <number>', 'how often each peer is measured under each load', positive, 5)
    .option('--seconds <number>', 'how long each measurement takes, after a warm-up', positive, 2)
    .option('--install', 'first install Bun and Deno from npm into node_modules/.cache/bench')
    .option('--publish', 'update the tables of README.md and bench/README.md, and docs/images/benchmark.svg')
    .parse();
  const parsed = command.opts<Options>();
  if (parsed.publish && parsed.loads) {
    command.error('error: --publish needs all loads, so it cannot be used with --loads');
  }
  return parsed;
}

/** An option that takes names of loads or peers. */
function namesOption(what: string, all: readonly { readonly name: string }[]): Option {
  return new Option(`--${what} <names...>`, `only these ${what}`).choices(all.map(({ name }) => name));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) {
    throw new InvalidArgumentError('A number greater than 0 is accepted.');
  }
  return value;
}

/** The peers of this run and how to start them. The baseline always takes part. */
async function findPeers(): Promise<Map<Peer, PeerCommand>> {
  const found = new Map<Peer, PeerCommand>();
  for (const peer of peers.filter(({ name }) => name === baseline || !options.peers || options.peers.includes(name))) {
    try {
      found.set(peer, await peer.command());
    } catch (error) {
      if (!(error instanceof UnavailableError)) {
        throw error;
      }
      say(`${peer.title} is left out. To include it: ${error.message}.`);
    }
  }
  return found;
}

/** The peers take turns, so that changes of the machine affect all of them. */
async function compare(load: Load): Promise<Map<Peer, Run[]>> {
  const ring = new MessageRing(load.message);
  const taking = [...commands].filter(([peer]) => takesPart(peer, load));
  const runs = new Map(taking.map(([peer]): [Peer, Run[]] => [peer, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const [peer, command] of taking) {
      runs.get(peer)!.push(await measure(peer, command, load, ring, options.seconds));
    }
  }
  return runs;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
