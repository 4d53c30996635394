import type { SharedLimits } from 'nest-raw-websockets';
import type { MetricValues, PrimaryFunctions, WorkerFunctions, WorkerStart } from './calls.js';
import { Channel } from './channel.js';
import { WorkerTopics } from './topics.js';

/** This process as a worker: what it shares with the other workers through the primary. */
export class WorkerProcess {
  /** The limits on the number of connections, which hold for all workers together. */
  readonly sharedLimits: SharedLimits = {
    take: (remoteAddress) => this.primary.call('takePlace', remoteAddress),
    release: (remoteAddress) => this.primary.tell('releasePlace', remoteAddress),
  };
  /** Messages between the workers. */
  readonly topics: WorkerTopics;
  private readonly primary: Channel<PrimaryFunctions>;
  private readMetrics: () => Promise<MetricValues> = () => Promise.resolve([]);
  private ending = false;

  /** @param endingSignals the signals that end the server */
  constructor(private readonly endingSignals: readonly NodeJS.Signals[]) {
    const functions: WorkerFunctions = {
      deliver: (signal) => this.onDelivery(signal),
      hear: (topic, message) => this.topics.hear(topic, message),
      lose: () => this.topics.lose(),
      metrics: () => this.readMetrics(),
    };
    this.primary = new Channel((message, done) => process.send?.(message, undefined, undefined, done), functions);
    this.topics = new WorkerTopics(this.primary);
    process.on('message', (message) => this.primary.receive(message));
    endingSignals.forEach((signal) => process.on(signal, () => (this.ending = true)));
  }

  /** Whether a signal that ends the server has come. It may come before the application handles signals. */
  get isEnding(): boolean {
    return this.ending;
  }

  /** Tells the primary that this worker has started. */
  start(): Promise<WorkerStart> {
    return this.primary.call('start');
  }

  /** Tells the primary that this worker listens. */
  listening(urls: readonly string[]): void {
    this.primary.tell('listening', urls);
  }

  /** @param read reads the metrics of this worker, when any worker collects those of all */
  provideMetrics(read: () => Promise<MetricValues>): void {
    this.readMetrics = read;
  }

  /**
   * The metrics of each worker.
   *
   * @throws Error if a worker does not answer in time
   */
  gatherMetrics(): Promise<readonly MetricValues[]> {
    return this.primary.call('gatherMetrics');
  }

  /** A terminal and some supervisors signal each process themselves. The same signal from the primary is ignored then. */
  private onDelivery(signal: NodeJS.Signals): void {
    if (!(this.ending && this.endingSignals.includes(signal))) {
      process.emit(signal, signal);
    }
  }
}
