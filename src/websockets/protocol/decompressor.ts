import { createInflateRaw, type InflateRaw } from 'node:zlib';
import { WebSocketCloseStatus } from './close-status.js';
import type { DeflateParameters } from './permessage-deflate.js';
import { ProtocolError } from './protocol-error.js';
import { giveZlibTurnBack, takeZlibTurn } from './zlib-turns.js';

/** What a sender takes off the end of each message (RFC 7692 section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const NO_BYTES = Buffer.alloc(0);

/** Takes inflated bytes. While a promise that it returned is pending, nothing more is inflated. */
export type InflatedReceiver = (bytes: Buffer, endOfMessage: boolean) => void | Promise<void>;

/**
 * Inflates a client's messages piece by piece (RFC 7692 section 7.2.2). What a piece becomes is handed on as it is made,
 * so that one that inflates to a gigabyte takes no more memory than another.
 */
export class Decompressor {
  private inflate: InflateRaw | undefined;
  private wake: (() => void) | undefined;
  private failure: Error | undefined;
  private isClosed = false;

  constructor(private readonly parameters: DeflateParameters) {}

  /**
   * Inflates one piece of a message; pieces come one after the other.
   *
   * @throws ProtocolError 1007 when it is no deflated data; and what `receiver` throws
   */
  async decompress(piece: Buffer, endOfMessage: boolean, receiver: InflatedReceiver): Promise<void> {
    await takeZlibTurn();
    try {
      await this.inflatePiece(piece, endOfMessage, receiver);
    } finally {
      giveZlibTurnBack();
    }
  }

  /** Gives its memory back. Pieces that are at work end without a result. */
  close(): void {
    this.isClosed = true;
    this.inflate?.close();
    this.inflate = undefined;
    this.wake?.();
  }

  private async inflatePiece(piece: Buffer, endOfMessage: boolean, receiver: InflatedReceiver): Promise<void> {
    if (this.isClosed) {
      return;
    }
    const inflate = (this.inflate ??= this.create());
    // After a final block (section 7.2.3.4) zlib takes no more; what is left of the message then is an empty block.
    let isFlushed = inflate.readableEnded;
    if (!isFlushed) {
      inflate.write(piece);
      if (endOfMessage) {
        inflate.write(TAIL);
      }
      inflate.flush(() => {
        isFlushed = true;
        this.wake?.();
      });
    }
    // The latest output is held back: only when there is no more does it show that it ends the message.
    let held: Buffer | undefined;
    while (!this.isClosed) {
      const output = inflate.read() as Buffer | null;
      if (output !== null) {
        await this.handOn(held, false, receiver);
        held = output;
      } else if (this.failure !== undefined) {
        throw new ProtocolError('A compressed message is no deflated data', WebSocketCloseStatus.invalidPayloadData);
      } else if (isFlushed || inflate.readableEnded) {
        break;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
    if (this.isClosed) {
      return;
    }
    await this.handOn(endOfMessage ? (held ?? NO_BYTES) : held, endOfMessage, receiver);
    if (endOfMessage) {
      this.prepareNextMessage(inflate);
    }
  }

  /** Others have their turn while the receiver is busy. */
  private async handOn(bytes: Buffer | undefined, endOfMessage: boolean, receiver: InflatedReceiver): Promise<void> {
    if (bytes === undefined || this.isClosed) {
      return;
    }
    const received = receiver(bytes, endOfMessage);
    if (received !== undefined) {
      giveZlibTurnBack();
      try {
        await received;
      } finally {
        await takeZlibTurn();
      }
    }
  }

  private prepareNextMessage(inflate: InflateRaw): void {
    if (inflate.readableEnded) {
      // What the client sends next is a new stream.
      inflate.close();
      this.inflate = undefined;
    } else if (this.parameters.clientNoContextTakeover && !this.isClosed) {
      inflate.reset();
    }
  }

  private create(): InflateRaw {
    const inflate = createInflateRaw({ windowBits: this.parameters.clientMaxWindowBits });
    inflate.on('readable', () => this.wake?.());
    inflate.on('end', () => this.wake?.());
    inflate.on('error', (error) => {
      this.failure = error;
      this.wake?.();
    });
    return inflate;
  }
}
