/** The topics to which each worker has subscribed. */
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
