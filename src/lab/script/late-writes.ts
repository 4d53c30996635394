import { LARGEST_RECEIVED, type LabPeer } from '../peer/lab-peer.js';

/** The memory of a waiting write besides its payload, in bytes. It limits the number of empty writes. */
const WRITE_OVERHEAD = 1024;

/** Writes that wait for their time, in order: echoes and pongs that are late. */
export class LateWrites {
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly peer: LabPeer) {}

  /**
   * Writes later.
   *
   * @param size the bytes that wait
   * @returns resolves at once, or when all writes are done where too many bytes wait: then the client is not read meanwhile
   */
  async add(delay: number, size: number, write: () => Promise<void>): Promise<void> {
    const due = performance.now() + delay;
    this.waiting += size + WRITE_OVERHEAD;
    const done = this.last.then(async () => {
      await this.peer.wait(due - performance.now());
      this.waiting -= size + WRITE_OVERHEAD;
      await write();
    });
    this.last = done.catch(() => {}); // the connection has ended
    if (this.waiting > LARGEST_RECEIVED) {
      await this.last;
    }
  }

  /** Resolves when all writes are done. */
  async finish(): Promise<void> {
    await this.last;
  }
}
