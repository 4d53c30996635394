import type { RawClient } from '../../support/raw-client.js';
import { ping } from '../../libs/websockets/protocol/client-frame.js';
import type { MeasuredServer } from './measured-server.js';

/** Sends many blocks, each when the operating system has taken the previous one. */
export class Flood {
  /** The number of bytes that the operating system has taken. */
  sent = 0;
  /** Settles when all bytes have been taken. */
  readonly done: Promise<void>;

  constructor(
    private readonly client: RawClient,
    blocks: Iterable<Buffer>,
  ) {
    this.done = this.send(blocks);
  }

  /** Resolves when the flood makes no progress although the server answers other clients. */
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

/** Repeats the same block. */
export function* repeated(block: Buffer, times: number): Generator<Buffer> {
  for (let i = 0; i < times; i++) {
    yield block;
  }
}

/** Repeats the same block, in one buffer. */
export function copies(block: Buffer, times: number): Buffer {
  return block.length === 0 ? block : Buffer.alloc(times * block.length, block);
}
