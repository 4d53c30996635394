import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { LONGEST_DELAY } from 'nest-ws-echo-client/amounts';
import type { MetricValues, PrimaryFunctions, SharedCertificate, WorkerFunctions } from './calls.js';
import { Channel } from './channel.js';
import { PlaceCounts, type PlaceLimits } from './place-counts.js';
import { Subscriptions } from './topics.js';

/** The program that workers run: the same one. It knows by its environment that it is a worker. */
const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

/** The wait before a worker is replaced, in ms. It doubles with each replacement in a row that ends before it is steady. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 30_000;
/** How long a worker has to take connections until it is steady, in ms. */
const STEADY = 60_000;
/** How much longer than its time-outs a worker may take to shut down, in ms. One in an endless loop would take for ever. */
const SHUTDOWN_MARGIN = 10_000;
/** The length of the keys of TLS session tickets, in bytes, as Node.js wants them. */
const TICKET_KEYS_LENGTH = 48;
/** How long a worker may take to answer with its metrics, in ms. */
const METRICS_TIMEOUT = 5000;

/** Options of the primary. */
export interface PrimaryOptions {
  readonly workers: number;
  /** Variables that are added to the environment of a worker. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: PlaceLimits;
  readonly developmentCertificate: SharedCertificate | undefined;
  /**
   * Whether workers can listen at the same addresses after all workers have ended. The primary closes a socket with the last
   * worker that listens on it, so a socket that was passed to the primary is lost then.
   */
  readonly canListenAgain: boolean;
  /** How long a worker may take to shut down, in ms. One that takes longer by some seconds is killed. */
  readonly shutdownTime: number;
  /** Called when the first worker listens, and when a later one listens at other addresses, as after `port 0`. */
  onListening(urls: readonly string[]): void;
}

/** The place of a worker: a worker that ends is replaced by one with the same number. */
interface Slot {
  readonly number: number;
  /** How many workers in a row have ended before they were steady. */
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
  private readonly ticketKeys = randomBytes(TICKET_KEYS_LENGTH).toString('base64');
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
    // After a SIGKILL of this process they end because their channel is closed.
    process.on('exit', () => this.killAll());
  }

  /**
   * Starts the workers. The first starts alone, so that a fault in the addresses or the certificate is told once.
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

  /** Passes a signal that ends the server to all workers. Workers that end from now on are not replaced. */
  shutDown(signal: NodeJS.Signals): void {
    if (!this.isEnding) {
      this.isEnding = true;
      this.slots.forEach(({ timer }) => clearTimeout(timer));
      this.deliver(signal);
      setTimeout(() => this.killAll(), Math.min(this.options.shutdownTime + SHUTDOWN_MARGIN, LONGEST_DELAY));
      this.endWithLast();
    }
  }

  private start(slot: Slot): void {
    try {
      this.add(slot, cluster.fork(this.options.environment));
    } catch (error) {
      this.onLoss(slot, `Worker ${slot.number} cannot be started: ${(error as Error).message}`);
    }
  }

  private add(slot: Slot, worker: Worker): void {
    const channel = new Channel<WorkerFunctions>(
      (message, done) => worker.send(message as object, undefined, undefined, done),
      this.functionsFor(() => member),
    );
    const member: Member = { slot, worker, channel };
    this.members.add(member);
    worker.on('message', (message: unknown) => channel.receive(message));
    worker.once('exit', (code: number | null, signal: string | null) =>
      this.onEnd(member, `${nameOf(member)} ended with ${signal ?? `exit code ${code}`}`, code),
    );
    worker.on('error', (error: Error) => {
      // A process that could not start does not exit. After other errors its exit follows.
      if (worker.process.pid === undefined) {
        this.onEnd(member, `${nameOf(member)} cannot be started: ${error.message}`, null);
      }
    });
  }

  private functionsFor(caller: () => Member): PrimaryFunctions {
    return {
      start: () => ({
        isFirst: this.urls === undefined,
        developmentCertificate: this.options.developmentCertificate,
        ticketKeys: this.ticketKeys,
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
    if (this.isEnding) {
      return; // it was about to listen when the signal came
    }
    const isFirst = this.urls === undefined;
    member.listeningSince = performance.now();
    if (urls.join() !== this.urls?.join()) {
      this.urls = urls;
      this.options.onListening(urls);
    }
    if (isFirst) {
      this.slots.slice(1).forEach((other) => this.start(other));
    }
    this.logger.log(`${nameOf(member)} takes connections.`);
  }

  /** @param exitCode null for a worker that was killed or could not be started */
  private onEnd(member: Member, what: string, exitCode: number | null): void {
    if (!this.members.delete(member)) {
      return;
    }
    const { slot, channel, listeningSince } = member;
    channel.end();
    this.places.releaseAll(member);
    this.subscriptions.removeAll(member);
    if (this.isEnding) {
      if (exitCode !== 0) {
        this.exitCode = exitCode ?? 1;
        this.logger.error(`${what} while it shut down.`);
      }
      this.endWithLast();
      return;
    }
    if (this.urls === undefined && exitCode) {
      this.end(exitCode); // the worker has said why it cannot listen
      return;
    }
    if (listeningSince !== undefined && performance.now() - listeningSince >= STEADY) {
      slot.failures = 0;
    }
    this.onLoss(slot, what);
  }

  /** Replaces a worker that has ended or could not be started, or ends the server where that cannot help. */
  private onLoss(slot: Slot, what: string): void {
    if (this.urls === undefined) {
      this.fail(`${what}. No worker takes connections yet, so the server ends.`);
    } else if (!this.options.canListenAgain && this.listening.length === 0) {
      this.fail(`${what}. With the last worker the sockets of LISTEN_FDS are closed, so the server ends.`);
    } else {
      const delay = Math.min(FIRST_WAIT * 2 ** slot.failures++, LONGEST_WAIT);
      this.logger.warn(`${what}. Another one starts in ${delay} ms.`);
      slot.timer = setTimeout(() => this.start(slot), delay);
    }
  }

  private fail(reason: string): void {
    this.logger.error(reason);
    this.end(1);
  }

  /** The workers that take connections. */
  private get listening(): Member[] {
    return Array.from(this.members).filter(({ listeningSince }) => listeningSince !== undefined);
  }

  private killAll(): void {
    this.members.forEach(({ worker }) => worker.process.kill('SIGKILL'));
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
    const answers = await Promise.all(this.listening.map((member) => this.metricsOf(member)));
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
  const { pid } = worker.process;
  return `Worker ${slot.number}${pid === undefined ? '' : ` (process ${pid})`}`;
}
