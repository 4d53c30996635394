import { constants, createDeflateRaw, deflateRawSync, type DeflateRaw } from 'node:zlib';
import { MIN_WINDOW_BITS, type DeflateParameters } from './permessage-deflate.js';
import { SHARED_CHUNK_SIZE, SharedStreams } from './shared-streams.js';
import { acquireZlib, AT_ONCE_UP_TO, releaseZlib } from './zlib-limit.js';

/** How long the empty block is that a flush leaves at the end, and that the end of a message goes without. */
const TAIL_LENGTH = 4;
/** What is sent of a message part that deflates to nothing: an empty block, without its tail (RFC 7692 section 7.2.3.6). */
const EMPTY_BLOCK = Buffer.from([0x00]);
/** The least that zlib takes for the size of its output. */
const MIN_CHUNK_SIZE = 64;

/** Deflates a server's messages part by part (RFC 7692 section 7.2.1). */
export class Compressor {
  private deflater: Deflater | undefined;
  private isClosed = false;

  constructor(private readonly parameters: DeflateParameters) {}

  /**
   * Deflates a small message at once, if there is no context takeover. Through the thread pool it takes many times the CPU.
   *
   * @returns its payload; undefined for any other message
   */
  compressAtOnce(message: Buffer): Buffer | undefined {
    const { serverNoContextTakeover, serverMaxWindowBits } = this.parameters;
    const { length } = message;
    if (!serverNoContextTakeover || length > AT_ONCE_UP_TO) {
      return undefined;
    }
    const deflated = deflateRawSync(message, {
      finishFlush: constants.Z_SYNC_FLUSH,
      // No more than the message can make use of: to prepare a window takes longer than to deflate a small message.
      windowBits: Math.min(serverMaxWindowBits, Math.max(MIN_WINDOW_BITS, Math.ceil(Math.log2(length)) + 1)),
      chunkSize: Math.max(MIN_CHUNK_SIZE, length),
    });
    return withoutTail(deflated);
  }

  /**
   * Deflates one part of a message; parts come one after the other. The receiver can inflate all of it at once.
   *
   * @returns the payload of its frame; nothing once this is closed
   */
  async compress(part: Buffer, endOfMessage: boolean): Promise<Buffer | undefined> {
    await acquireZlib();
    try {
      if (this.isClosed) {
        return undefined;
      }
      this.deflater ??= this.open();
      const deflated = await this.deflater.deflate(part);
      if (deflated === undefined || !endOfMessage) {
        return deflated;
      }
      if (this.parameters.serverNoContextTakeover) {
        sharedDeflaters.giveBack(this.deflater);
        this.deflater = undefined;
      }
      return withoutTail(deflated);
    } finally {
      releaseZlib();
    }
  }

  /** Frees its memory. A part that is at work ends without a result. */
  close(): void {
    this.isClosed = true;
    this.deflater?.close();
    this.deflater = undefined;
  }

  private open(): Deflater {
    const { serverNoContextTakeover, serverMaxWindowBits } = this.parameters;
    return serverNoContextTakeover ? sharedDeflaters.take(serverMaxWindowBits) : new Deflater(serverMaxWindowBits);
  }
}

/** A stream of zlib that deflates. */
class Deflater {
  private readonly stream: DeflateRaw;
  private isClosed = false;

  /** @param chunkSize how many bytes zlib is given room for at a time. Default: that of zlib */
  constructor(
    readonly windowBits: number,
    chunkSize?: number,
  ) {
    this.stream = createDeflateRaw({ windowBits, chunkSize });
  }

  /** @returns the part, complete, with the empty block of a flush; nothing once this is closed */
  async deflate(part: Buffer): Promise<Buffer | undefined> {
    const { stream } = this;
    const outputs: Buffer[] = [];
    const collect = (output: Buffer): void => void outputs.push(output);
    stream.on('data', collect);
    stream.write(part);
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.flush(constants.Z_SYNC_FLUSH, () => {
        stream.off('close', resolve);
        resolve();
      });
    });
    stream.off('data', collect);
    return this.isClosed ? undefined : Buffer.concat(outputs);
  }

  reset(): void {
    this.stream.reset();
  }

  close(): void {
    this.isClosed = true;
    this.stream.close();
  }
}

const sharedDeflaters = new SharedStreams((windowBits) => new Deflater(windowBits, SHARED_CHUNK_SIZE));

function withoutTail(deflated: Buffer): Buffer {
  return deflated.length > TAIL_LENGTH ? deflated.subarray(0, -TAIL_LENGTH) : EMPTY_BLOCK;
}
