import type { PrimaryFunctions } from './calls.js';
import type { Channel } from './channel.js';

/** In a worker: messages between workers, by topic. A message goes to all other workers that have subscribed to its topic. */
export class WorkerTopics {
  /** The counts of this worker since its start. */
  readonly status = { isUp: true, published: 0, received: 0, lost: 0 };
  private readonly listeners = new Map<string, (message: string) => void>();

  constructor(private readonly primary: Channel<PrimaryFunctions>) {}

  /** Sends a message to the other workers, without waiting. If too much waits already, the message is lost. */
  publish(topic: string, message: string): void {
    if (this.primary.isCongested) {
      this.lose();
    } else {
      this.primary.tell('publish', topic, message);
      this.status.published++;
    }
  }

  /**
   * Subscribes to the messages of other workers on a topic. A topic has one listener.
   *
   * @returns a function that ends the subscription
   */
  subscribe(topic: string, listener: (message: string) => void): () => void {
    this.listeners.set(topic, listener);
    this.primary.tell('subscribe', topic);
    return () => {
      this.listeners.delete(topic);
      this.primary.tell('unsubscribe', topic);
    };
  }

  /** A message has come from another worker. */
  hear(topic: string, message: string): void {
    this.status.received++;
    this.listeners.get(topic)?.(message);
  }

  /** A message of this worker is lost for another worker. */
  lose(): void {
    this.status.lost++;
  }
}

/** In the primary: the topics to which each worker has subscribed. */
export class Subscriptions<Worker> {
  private readonly topics = new Map<string, Set<Worker>>();

  add(topic: string, worker: Worker): void {
    this.topics.set(topic, (this.topics.get(topic) ?? new Set()).add(worker));
  }

  remove(topic: string, worker: Worker): void {
    const workers = this.topics.get(topic);
    if (workers?.delete(worker) && workers.size === 0) {
      this.topics.delete(topic);
    }
  }

  /** Removes a worker that has ended. */
  removeAll(worker: Worker): void {
    [...this.topics.keys()].forEach((topic) => this.remove(topic, worker));
  }

  /** The workers that get a message: all that have subscribed to its topic, without its publisher. */
  others(topic: string, publisher: Worker): Worker[] {
    return Array.from(this.topics.get(topic) ?? []).filter((worker) => worker !== publisher);
  }
}
