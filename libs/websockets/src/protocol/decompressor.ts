import { constants, createInflateRaw, inflateRawSync, type InflateRaw, type ZlibOptions } from 'node:zlib';
import { ProtocolError, WebSocketCloseStatus } from './close-status.js';
import type { DeflateParameters } from './permessage-deflate.js';
import { SHARED_CHUNK_SIZE, SharedStreams } from './shared-streams.js';
import { acquireZlib, AT_ONCE_UP_TO, releaseZlib } from './zlib-limit.js';

/** What a sender takes off the end of each message (RFC 7692 section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const NO_BYTES = Buffer.alloc(0);
/** How many bytes zlib is given room for at first, where it inflates a message at once. */
const CHUNK_SIZE = 4 * 1024;

/** The typings leave out what the option `info` returns. */
const inflateWithInfo = inflateRawSync as unknown as (
  bytes: Buffer,
  options: ZlibOptions & { info: true },
) => { buffer: Buffer; engine: { bytesWritten: number } };

/** Takes inflated bytes. While a promise that it returned is pending, nothing more is inflated. */
export type InflatedReceiver = (bytes: Buffer, endOfMessage: boolean) => void | Promise<void>;

/**
 * Inflates a client's messages piece by piece (RFC 7692 section 7.2.2). What a piece becomes is handed on as it is made,
 * so that one that inflates to a gigabyte takes no more memory than another.
 */
export class Decompressor {
  private inflater: Inflater | undefined;
  private isClosed = false;
  /** Whether the stream holds bytes of a message, whose end it does not know yet. */
  private isInMessage = false;

  constructor(private readonly parameters: DeflateParameters) {}

  /**
   * Inflates a small message at once, if there is no context takeover. Through the thread pool it takes many times the CPU.
   *
   * @param maxLength the most bytes that the message may become
   * @returns the message; undefined for any other, for one that becomes larger or goes on after a final block, and for what
   * is not deflated data: `decompress` is for them
   */
  decompressAtOnce(message: Buffer, maxLength: number): Buffer | undefined {
    if (!this.parameters.clientNoContextTakeover || message.length > AT_ONCE_UP_TO) {
      return undefined;
    }
    const input = Buffer.concat([message, TAIL]);
    try {
      const { buffer, engine } = inflateWithInfo(input, {
        finishFlush: constants.Z_SYNC_FLUSH,
        windowBits: this.parameters.clientMaxWindowBits,
        chunkSize: CHUNK_SIZE,
        maxOutputLength: Math.min(maxLength, AT_ONCE_UP_TO),
        info: true,
      });
      return engine.bytesWritten === input.length ? buffer : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Inflates one piece of a message; pieces come one after the other.
   *
   * @throws ProtocolError 1007 when it is not deflated data; what `receiver` throws
   */
  async decompress(piece: Buffer, endOfMessage: boolean, receiver: InflatedReceiver): Promise<void> {
    await acquireZlib();
    try {
      await this.inflatePiece(piece, endOfMessage, receiver);
    } finally {
      releaseZlib();
    }
  }

  /** Frees its memory. Pieces that are at work end without a result. */
  close(): void {
    this.isClosed = true;
    this.endStream();
  }

  private async inflatePiece(piece: Buffer, endOfMessage: boolean, receiver: InflatedReceiver): Promise<void> {
    // The latest output is held back: only when no other follows is it known to end the message.
    let held: Buffer | undefined;
    const onOutput = async (output: Buffer): Promise<void> => {
      await this.handOn(held, false, receiver);
      held = output;
    };
    let rest = piece;
    while (!this.isClosed && (rest.length > 0 || (endOfMessage && this.isInMessage))) {
      const input = endOfMessage ? Buffer.concat([rest, TAIL]) : rest;
      this.inflater ??= this.open();
      const taken = await this.inflater.inflate(input, onOutput);
      this.isInMessage = taken === input.length;
      if (this.isInMessage) {
        break;
      }
      // It ends with a final block (section 7.2.3.4). The next block, if there is one, begins with the next byte.
      this.endStream();
      rest = rest.subarray(taken);
      // A piece may have thousands of them: others have their turn between.
      releaseZlib();
      await acquireZlib();
    }
    await this.handOn(endOfMessage ? (held ?? NO_BYTES) : held, endOfMessage, receiver);
    if (endOfMessage) {
      this.prepareNextMessage();
    }
  }

  /** Others have their turn while the receiver is busy. */
  private async handOn(bytes: Buffer | undefined, endOfMessage: boolean, receiver: InflatedReceiver): Promise<void> {
    if (bytes === undefined || this.isClosed) {
      return;
    }
    const received = receiver(bytes, endOfMessage);
    if (received !== undefined) {
      releaseZlib();
      try {
        await received;
      } finally {
        await acquireZlib();
      }
    }
  }

  private prepareNextMessage(): void {
    this.isInMessage = false;
    if (this.parameters.clientNoContextTakeover && this.inflater !== undefined) {
      sharedInflaters.giveBack(this.inflater);
      this.inflater = undefined;
    }
  }

  private open(): Inflater {
    const { clientNoContextTakeover, clientMaxWindowBits } = this.parameters;
    return clientNoContextTakeover ? sharedInflaters.take(clientMaxWindowBits) : new Inflater(clientMaxWindowBits);
  }

  private endStream(): void {
    this.inflater?.close();
    this.inflater = undefined;
  }
}

/** A stream of zlib that inflates. */
class Inflater {
  private readonly stream: InflateRaw;
  private wake: (() => void) | undefined;
  private failure: Error | undefined;
  private isClosed = false;

  /** @param chunkSize how many bytes zlib is given room for at a time. Default: that of zlib */
  constructor(
    readonly windowBits: number,
    chunkSize?: number,
  ) {
    this.stream = createInflateRaw({ windowBits, chunkSize });
    this.stream.on('readable', () => this.wake?.());
    this.stream.on('error', (error) => {
      this.failure = error;
      this.wake?.();
    });
  }

  /**
   * Inflates as much as zlib takes.
   *
   * @returns how many bytes that is: all of them, or all up to the end of a final block
   * @throws ProtocolError 1007 when it is not deflated data; what `onOutput` throws
   */
  async inflate(input: Buffer, onOutput: (output: Buffer) => Promise<void>): Promise<number> {
    const { stream } = this;
    const before = stream.bytesWritten;
    let isDone = false;
    stream.write(input, () => {
      isDone = true;
      this.wake?.();
    });
    while (!this.isClosed) {
      const output = stream.read() as Buffer | null;
      if (output !== null) {
        await onOutput(output);
      } else if (this.failure !== undefined) {
        throw new ProtocolError('A compressed message is not deflated data', WebSocketCloseStatus.invalidPayloadData);
      } else if (isDone) {
        break;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
    return stream.bytesWritten - before;
  }

  reset(): void {
    this.stream.reset();
  }

  close(): void {
    this.isClosed = true;
    this.stream.close();
    this.wake?.();
  }
}

const sharedInflaters = new SharedStreams((windowBits) => new Inflater(windowBits, SHARED_CHUNK_SIZE));
