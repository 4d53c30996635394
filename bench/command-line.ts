import { Command, InvalidArgumentError } from 'commander';
import { allLoads, quickLoads } from './all-loads.js';
import type { Load } from './loads.js';
import type { Timing } from './measure.js';
import { baseline, peersOf } from './peers.js';
import { suiteTitles } from './suites.js';

/** What a benchmark is to do. */
export interface Plan {
  readonly loads: readonly Load[];
  /** The names of the servers that take part. */
  readonly peers: ReadonlySet<string>;
  readonly rounds: number;
  readonly timing: Timing;
  /** How many runs under each load are done again because other programs have disturbed them. */
  readonly retries: number;
  /** Whether the results become those of the README. */
  readonly isPublished: boolean;
}

interface Options {
  readonly only: readonly string[];
  readonly peers: readonly string[];
  readonly rounds?: number;
  readonly seconds?: number;
  readonly retries?: number;
  readonly quick?: boolean;
  readonly publish?: boolean;
}

/** Ends the process with a sentence that says what is wrong, where something is. */
export function readCommandLine(): Plan {
  const suites = Object.keys(suiteTitles);
  const loadNames = [...suites, ...allLoads.map(({ name }) => name)];
  const allPeers = Object.values(peersOf).flat();
  const peerNames = [...new Set(allPeers.map(({ name }) => name))];
  const command = new Command('npm run bench --')
    .description('Compares the server with others under the same loads, and checks every byte that they echo.')
    .option('--only <loads>', `loads to run, of: ${loadNames.join(', ')}`, namesOf(loadNames), suites)
    .option('--peers <peers>', `servers to run, of: ${peerNames.join(', ')}`, namesOf(peerNames), peerNames)
    .option('--rounds <number>', 'how often each server is measured under each load (default: 5)', positive)
    .option('--seconds <number>', 'how long a run is measured, after a warm-up (default: 2)', positive)
    .option('--retries <number>', 'how many disturbed runs under each load are done again (default: 3)', notNegative)
    .option('--quick', 'see that all works, in a minute or two: one short round of smaller loads')
    .option('--publish', 'write the results into bench/README.md, bench/results/published.json and docs/images')
    .parse();
  const { only, peers, quick = false, publish = false, rounds, seconds, retries } = command.opts<Options>();
  if (publish && (quick || only !== suites || peers !== peerNames)) {
    command.error('error: only a complete run can be published');
  }
  const duration = (seconds ?? (quick ? 0.2 : 2)) * 1000;
  return {
    loads: (quick ? quickLoads : allLoads).filter(({ name, suite }) => only.includes(name) || only.includes(suite)),
    peers: new Set([baseline, ...peers]),
    rounds: rounds ?? (quick ? 1 : 5),
    timing: { duration, warmUp: Math.min(800, duration), settle: quick ? 200 : 800 },
    retries: retries ?? (quick ? 0 : 3),
    isPublished: publish,
  };
}

function namesOf(known: readonly string[]) {
  return (list: string) => {
    const names = list.split(',').map((name) => name.trim());
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(`"${unknown}" is none of ${known.join(', ')}.`);
    }
    return names;
  };
}

function notNegative(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) {
    throw new InvalidArgumentError('It must be 0 or a number greater than that.');
  }
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) {
    throw new InvalidArgumentError('It must be a number greater than 0.');
  }
  return value;
}
