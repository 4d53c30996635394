import type { RawClient } from '../../support/raw-client.js';
import { ping } from '../../libs/websockets/protocol/client-frame.js';
import type { MeasuredServer } from './measured-server.js';

/** Sends a lot, one block after the other, each when the operating system has taken the one before. */
export class Flood {
  /** How many bytes the operating system has taken. */
  sent = 0;
  /** Settled when all has been taken. */
  readonly done: Promise<void>;

  constructor(
    private readonly client: RawClient,
    blocks: Iterable<Buffer>,
  ) {
    this.done = this.send(blocks);
  }

  /** Resolves when the flood gets no further, though the server works and others are served. */
  async untilStalled(server: MeasuredServer): Promise<void> {
    const witness = await server.open();
    let sent: number;
    do {
      ({ sent } = this);
      for (let turn = 0; turn < 100; turn++) {
        await witness.send(ping('x'));
        await witness.readBytes(3);
      }
    } while (this.sent > sent);
    witness.destroy();
  }

  private async send(blocks: Iterable<Buffer>): Promise<void> {
    for (const block of blocks) {
      if (this.client.socket.destroyed) {
        return;
      }
      await this.client.send(block);
      this.sent += block.length;
    }
  }
}

/** The same block again and again. */
export function* repeated(block: Buffer, times: number): Generator<Buffer> {
  for (let i = 0; i < times; i++) {
    yield block;
  }
}

/** The same block again and again, in one buffer. */
export function copies(block: Buffer, times: number): Buffer {
  return block.length === 0 ? block : Buffer.alloc(times * block.length, block);
}
