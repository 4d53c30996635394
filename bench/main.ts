import { withinLimit } from './all-loads.js';
import { readCommandLine } from './command-line.js';
import type { Run } from './figures.js';
import type { Load } from './loads.js';
import { describeMachine, openFileLimit } from './machine.js';
import { measure } from './measure.js';
import { isInstalled, peersOf, type Peer } from './peers.js';
import { writeResults } from './result-files.js';
import { summarize, type LoadResults, type Results } from './results.js';
import { detailTable, failureLines, ratioTables } from './tables.js';

/** More than this share of a core that others use disturbs what is measured. */
const QUIET = 0.15;

const plan = readCommandLine();
const machine = describeMachine();
const plannedPeers = Object.values(peersOf)
  .flat()
  .filter(({ name }) => plan.peers.has(name));
const peers = new Set(plannedPeers.filter(canRun));

say(`Node.js ${machine.node} on ${machine.cpu}, ${machine.cores} cores, ${machine.system}; ${machine.pinning}.`);
const loads: LoadResults[] = [];
for (const load of plan.loads.map(asFarAsPossible)) {
  say(`\n${load.title}`);
  const results = summarize(load, await compare(load));
  loads.push(results);
  process.stdout.write(`${detailTable(results)}\n`);
}

const results: Results = {
  date: new Date().toISOString(),
  rounds: plan.rounds,
  seconds: plan.timing.duration / 1000,
  machine,
  loads,
};
process.stdout.write(`\nHow many times less than ws each server needs; more is better:\n\n${ratioTables(results)}\n\n`);
say(`Written: ${(await writeResults(results, plan.isPublished)).join(', ')}`);

if (loads.some((load) => load.peers.some((peer) => othersOf(peer) > QUIET))) {
  say('Other programs have used much of the machine meanwhile ("other CPU"); on a quiet one the figures are steadier.');
}
const failures = failureLines(results);
failures.forEach(say);
process.exit(failures.length > 0 ? 1 : 0);

/** The servers take turns, so that whatever else happens on the machine meets all alike. */
async function compare(load: Load): Promise<Map<Peer, Run[]>> {
  let retries = plan.retries;
  const runs = new Map(peersOf[load.suite].filter((peer) => peers.has(peer)).map((peer): [Peer, Run[]] => [peer, []]));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [peer, peerRuns] of runs) {
      progress(`round ${round} of ${plan.rounds}: ${peer.title}`);
      const run = await measure(peer, load, plan.timing);
      if (retries === 0 || othersOf(run) <= QUIET) {
        peerRuns.push(run);
        continue;
      }
      retries--;
      const again = await measure(peer, load, plan.timing);
      peerRuns.push(othersOf(again) < othersOf(run) ? again : run);
    }
  }
  progress('');
  return runs;
}

/** A run that failed says nothing of others, and is kept. */
function othersOf({ figures }: Pick<Run, 'figures'>): number {
  return figures.otherCpu ?? 0;
}

function canRun({ title, requires }: Peer): boolean {
  if (requires === undefined || isInstalled(requires)) {
    return true;
  }
  say(`${title} is left out: ${requires} is not installed.`);
  return false;
}

function asFarAsPossible(load: Load): Load {
  const limit = openFileLimit();
  const possible = withinLimit(load, limit);
  if (possible !== load) {
    say(`Only ${possible.title}: a process may have ${limit} files open here. "ulimit -n" changes that.`);
  }
  return possible;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A line that the next one overwrites. */
function progress(text: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001B[K${text}`);
  }
}
