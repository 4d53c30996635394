import type { ConnectionLimit } from 'nest-raw-websockets';

/** The limits on the number of WebSockets; 0 for no limit. */
export type PlaceLimits = Readonly<Record<ConnectionLimit, number>>;

/**
 * Counts the WebSockets of all workers. The primary has the counts, and each worker asks it at each handshake. If each worker
 * had a share of the limit, it would refuse clients while other workers have room, and a limit for each address would not
 * work, because the connections of one address are spread over the workers.
 */
export class PlaceCounts<Worker> {
  private taken = 0;
  private readonly byAddress = new Map<string, number>();
  private readonly byWorker = new Map<Worker, Map<string, number>>();

  constructor(private readonly limits: PlaceLimits) {}

  /** Takes a place, unless a limit is reached. @returns that limit */
  take(worker: Worker, address: string): ConnectionLimit | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.limits;
    if (maxConnections > 0 && this.taken >= maxConnections) {
      return 'maxConnections';
    }
    if (maxConnectionsPerAddress > 0 && (this.byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) {
      return 'maxConnectionsPerAddress';
    }
    this.count(worker, address, 1);
    return undefined;
  }

  release(worker: Worker, address: string): void {
    this.count(worker, address, -1);
  }

  /** Releases all places of a worker that has ended. */
  releaseAll(worker: Worker): void {
    this.byWorker.get(worker)?.forEach((count, address) => this.count(worker, address, -count));
    this.byWorker.delete(worker);
  }

  private count(worker: Worker, address: string, change: number): void {
    const ofWorker = this.byWorker.get(worker) ?? new Map<string, number>();
    this.byWorker.set(worker, ofWorker);
    this.taken += change;
    add(ofWorker, address, change);
    add(this.byAddress, address, change);
  }
}

function add(counts: Map<string, number>, address: string, change: number): void {
  const count = (counts.get(address) ?? 0) + change;
  if (count > 0) {
    counts.set(address, count);
  } else {
    counts.delete(address);
  }
}
