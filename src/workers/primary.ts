import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import type { MetricValues, PrimaryFunctions, SharedCertificate, WorkerFunctions } from './calls.js';
import { Channel } from './channel.js';
import { PlaceCounts, type PlaceLimits } from './place-counts.js';
import { Subscriptions } from './topics.js';

/** What the workers run: the same program, which finds out that it is a worker. */
const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

/** The wait before a worker is replaced, in ms. It doubles with each worker of the same number that ends soon after its start. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;
/** A worker that took connections for so long, in ms, has not ended soon. */
const STEADY = 60_000;
/** How long a worker may take to answer with its metrics, in ms. */
const METRICS_TIMEOUT = 5000;

/** Options of the primary. */
export interface PrimaryOptions {
  readonly workers: number;
  readonly limits: PlaceLimits;
  readonly developmentCertificate: SharedCertificate | undefined;
  /** Called once, when the first worker listens. */
  onListening(urls: readonly string[]): void;
}

/** The place of a worker: a worker that ends is replaced by one with the same number. */
interface Slot {
  readonly number: number;
  /** How many workers in a row ended soon after their start. */
  failures: number;
  timer?: NodeJS.Timeout;
}

/** A worker that runs. */
interface Member {
  readonly slot: Slot;
  readonly worker: Worker;
  readonly channel: Channel<WorkerFunctions>;
  /** When it began to listen, on the clock of `performance.now()`. */
  listeningSince?: number;
}

/**
 * The process that starts the workers, passes connections to them, replaces those that end, and ends with the last of them.
 * It serves no requests, so that a fault in a request cannot end it.
 */
export class Primary {
  private readonly logger = new Logger('Workers');
  private readonly members = new Set<Member>();
  private readonly slots: readonly Slot[];
  private readonly places: PlaceCounts<Member>;
  private readonly subscriptions = new Subscriptions<Member>();
  private urls: readonly string[] | undefined;
  private isEnding = false;
  private exitCode = 0;
  private end!: (exitCode: number) => void;
  /** Resolves with the exit code when the last worker has ended. */
  private readonly ended = new Promise<number>((resolve) => (this.end = resolve));

  constructor(private readonly options: PrimaryOptions) {
    this.slots = Array.from({ length: options.workers }, (_, index) => ({ number: index + 1, failures: 0 }));
    this.places = new PlaceCounts(options.limits);
    cluster.setupPrimary({ exec: PROGRAM, args: process.argv.slice(2) });
    // However this process ends, no worker stays.
    process.on('exit', () => this.members.forEach(({ worker }) => worker.process.kill('SIGKILL')));
  }

  /**
   * Starts the workers: the first alone, because a fault of the addresses or the certificate is the same for all.
   *
   * @returns the exit code of the server when all have ended
   */
  run(): Promise<number> {
    this.start(this.slots[0]);
    return this.ended;
  }

  /** Passes a signal to all workers. */
  deliver(signal: NodeJS.Signals): void {
    this.members.forEach(({ channel }) => channel.tell('deliver', signal));
  }

  /** Has all workers shut down as if they got this signal. Those that end are not replaced. */
  shutDown(signal: NodeJS.Signals): void {
    if (!this.isEnding) {
      this.isEnding = true;
      this.slots.forEach(({ timer }) => clearTimeout(timer));
      this.deliver(signal);
      this.endWithLast();
    }
  }

  private start(slot: Slot): void {
    const worker = cluster.fork();
    const channel = new Channel<WorkerFunctions>(
      (message, done) => worker.send(message as object, undefined, undefined, done),
      this.functionsFor(() => member),
    );
    const member: Member = { slot, worker, channel };
    this.members.add(member);
    worker.on('message', (message: unknown) => channel.receive(message));
    worker.once('exit', (code: number | null, signal: string | null) =>
      this.onEnd(member, signal ?? `exit code ${code}`, code ?? 1),
    );
    worker.on('error', (error: Error) => {
      // A process that could not start does not exit. After other errors its exit follows.
      if (worker.process.pid === undefined) {
        this.onEnd(member, error.message, 1);
      }
    });
  }

  private functionsFor(caller: () => Member): PrimaryFunctions {
    return {
      start: () => ({
        isFirst: this.urls === undefined,
        developmentCertificate: this.options.developmentCertificate,
      }),
      listening: (urls) => this.onListening(caller(), urls),
      takePlace: (address) => this.places.take(caller(), address),
      releasePlace: (address) => this.places.release(caller(), address),
      publish: (topic, message) => this.publish(caller(), topic, message),
      subscribe: (topic) => this.subscriptions.add(topic, caller()),
      unsubscribe: (topic) => this.subscriptions.remove(topic, caller()),
      gatherMetrics: () => this.gatherMetrics(),
    };
  }

  private onListening(member: Member, urls: readonly string[]): void {
    member.listeningSince = performance.now();
    if (this.urls === undefined) {
      this.urls = urls;
      this.options.onListening(urls);
      this.slots.slice(1).forEach((other) => this.start(other));
    }
    this.logger.log(`${nameOf(member)} takes connections.`);
  }

  private onEnd(member: Member, how: string, exitCode: number): void {
    if (!this.members.delete(member)) {
      return;
    }
    const { slot, channel, listeningSince } = member;
    channel.end();
    this.places.releaseAll(member);
    this.subscriptions.removeAll(member);
    if (this.isEnding) {
      if (exitCode !== 0) {
        this.exitCode = exitCode;
        this.logger.error(`${nameOf(member)} ended with ${how} while it shut down.`);
      }
      this.endWithLast();
    } else if (this.urls === undefined) {
      this.end(exitCode || 1); // the worker has said why it cannot listen
    } else {
      const wasSteady = listeningSince !== undefined && performance.now() - listeningSince >= STEADY;
      slot.failures = wasSteady ? 0 : slot.failures;
      this.replaceLater(slot, `${nameOf(member)} ended with ${how}`);
    }
  }

  private replaceLater(slot: Slot, reason: string): void {
    const delay = Math.min(FIRST_DELAY * 2 ** slot.failures++, LONGEST_DELAY);
    this.logger.warn(`${reason}. Another one starts in ${delay} ms.`);
    slot.timer = setTimeout(() => {
      try {
        this.start(slot);
      } catch (error) {
        this.replaceLater(slot, `Worker ${slot.number} cannot be started: ${(error as Error).message}`);
      }
    }, delay);
  }

  private endWithLast(): void {
    if (this.members.size === 0) {
      this.end(this.exitCode);
    }
  }

  private publish(publisher: Member, topic: string, message: string): void {
    for (const { channel } of this.subscriptions.others(topic, publisher)) {
      if (channel.isCongested) {
        publisher.channel.tell('lose');
      } else {
        channel.tell('hear', topic, message);
      }
    }
  }

  /** @throws Error if a worker does not answer in time: without its part the sums would fall, which a counter never does */
  private async gatherMetrics(): Promise<readonly MetricValues[]> {
    const listening = Array.from(this.members).filter(({ listeningSince }) => listeningSince !== undefined);
    const answers = await Promise.all(listening.map((member) => this.metricsOf(member)));
    return answers.filter((values) => values !== undefined);
  }

  /** The metrics of a worker; undefined if it ends before it answers. */
  private metricsOf(member: Member): Promise<MetricValues | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${nameOf(member)} did not answer within ${METRICS_TIMEOUT} ms.`));
      }, METRICS_TIMEOUT);
      member.channel
        .call('metrics')
        .then(resolve, (error: Error) => (this.members.has(member) ? reject(error) : resolve(undefined)))
        .finally(() => clearTimeout(timer));
    });
  }
}

function nameOf({ slot, worker }: Member): string {
  return `Worker ${slot.number} (process ${worker.process.pid ?? 'none'})`;
}
