import type { Duplex } from 'node:stream';
import { frameHeaderLength, MAX_SERVER_HEADER_BYTES, writeFrameHeader } from '../protocol/frame-header.js';
import { MAX_MASKED_FRAGMENT_BYTES } from '../protocol/fragment.js';
import { copyUnmasked } from '../protocol/masking-key.js';
import { wordViewOf } from '../protocol/word-view.js';

/** One block serves all connections, one after the other; it holds what one read of 64 KiB may produce and more. */
const BLOCK_BYTES = 128 * 1024;
/** Payloads up to this size are copied into the block; larger ones are written by reference. */
const COPY_UP_TO = 16 * 1024;
/** Up to this size a loop copies faster than the view that `Buffer.copy` makes, and unmasks on its way. */
const LOOP_UP_TO = MAX_MASKED_FRAGMENT_BYTES;

let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
let blockWords = new Int32Array(block.buffer);
/** How much of the block is filled, and how much of that the owner's socket was given. */
let filled = 0;
let handedOver = 0;
/** Whether a socket was given a part of the block itself, and not a copy. */
let isLent = false;
/** Whose bytes the block holds. */
let owner: OutputBuffer | undefined;
let isFlushScheduled = false;

/** Those that have shared frames to write at the end of this round of the event loop. */
let sharing: OutputBuffer[] = [];

function flushOwner(): void {
  isFlushScheduled = false;
  owner?.flush();
}

function flushSharing(): void {
  const outputs = sharing;
  sharing = [];
  outputs.forEach((output) => output.flush());
}

/**
 * Collects the frames that one turn of the event loop produces for a connection, so that they leave in one write: the
 * most that can be done for small messages, whose cost is the write.
 *
 * All connections share one block, which belongs to one of them at a time; when another one wants it, what it holds is
 * written first. It is reused as long as the kernel takes each write at once. When it does not, the socket keeps the
 * block until it does, and a new one is made.
 */
export class OutputBuffer {
  /** Whether more than `sendBufferSize` bytes wait for the peer. Ends with the socket's `drain`. */
  isFull = false;
  /** Whether a flush is sure to come, as at the end of a read. */
  willBeFlushed = false;

  private written = 0;
  /** Frames that other connections send, too. They come before what the block holds. */
  private shared: Buffer[] = [];
  private sharedBytes = 0;
  private isCorked = false;
  /** Bytes taken since the last flush. */
  private pending = 0;
  /** Whether the socket was still busy after the last write; then a block is too good to be kept by it. */
  private isStalled = false;

  constructor(
    private readonly socket: Duplex,
    /** How many bytes may wait, in bytes. The socket's own high-water mark is the least that has an effect. */
    private readonly sendBufferSize: number,
  ) {}

  /**
   * Adds a frame.
   *
   * A payload of more than 16 KiB is not copied: it must not change before it is sent.
   *
   * @param firstByte FIN, reserved bits and opcode
   * @param bytes where the payload is, from `start` to `end`
   * @param maskingKey what a payload of at most `MAX_MASKED_FRAGMENT_BYTES` is masked with still; 0 for none
   */
  frame(firstByte: number, bytes: Buffer, start: number, end: number, maskingKey = 0): void {
    const length = end - start;
    if (owner !== this) {
      this.takeBlock();
    }
    if (length > COPY_UP_TO) {
      this.frameByReference(firstByte, bytes, start, end);
      return;
    }
    if (filled + MAX_SERVER_HEADER_BYTES + length > BLOCK_BYTES) {
      this.flush();
      owner = this;
    }
    if (filled === 0) {
      alignWith(wordViewOf(bytes).byteOffset + start - frameHeaderLength(length));
    }
    const payloadAt = writeFrameHeader(block, filled, firstByte, length);
    if (length > LOOP_UP_TO) {
      bytes.copy(block, payloadAt, start, end);
    } else {
      copyUnmasked(bytes, start, end, maskingKey, block, blockWords, payloadAt);
    }
    this.pending += payloadAt + length - filled;
    filled = payloadAt + length;
    if (this.pending > this.sendBufferSize) {
      this.flush();
    }
  }

  /**
   * Adds a whole frame, header and payload, that many connections send. It is written once this round of the event loop
   * is done, so that what a round of messages from many peers brings leaves in one write.
   *
   * @param bytes must never change
   */
  sharedFrame(bytes: Buffer): void {
    if (owner === this) {
      this.flush();
    }
    if (this.shared.push(bytes) === 1 && sharing.push(this) === 1) {
      setImmediate(flushSharing);
    }
    this.sharedBytes += bytes.length;
    if (this.sharedBytes > this.sendBufferSize) {
      this.flush();
    }
  }

  /** Whether no frame was ever added. */
  get isUnused(): boolean {
    return this.written === 0 && this.pending === 0 && this.sharedBytes === 0;
  }

  /** How many bytes were given to the socket, headers of frames included. */
  get bytesWritten(): number {
    return this.written;
  }

  /** How many bytes were added that the operating system has not taken yet, headers of frames included. */
  get bytesWaiting(): number {
    return this.socket.writableLength + this.sharedBytes + (owner === this ? filled - handedOver : 0);
  }

  /** Sees to it that what was added is written once this turn's work is done. */
  flushSoon(): void {
    if (!this.willBeFlushed && !isFlushScheduled) {
      isFlushScheduled = true;
      process.nextTick(flushOwner);
    }
  }

  /** Writes what was added, in one write. */
  flush(): void {
    if (this.sharedBytes > 0) {
      this.flushShared();
    }
    if (owner !== this) {
      return;
    }
    owner = undefined;
    const { socket } = this;
    this.handOver();
    if (this.isCorked) {
      this.isCorked = false;
      socket.uncork();
    }
    this.written += this.pending;
    this.pending = 0;
    this.isStalled = socket.writableLength > 0;
    if (this.isStalled && isLent) {
      block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      blockWords = new Int32Array(block.buffer);
    }
    filled = 0;
    handedOver = 0;
    isLent = false;
    this.steer();
  }

  private takeBlock(): void {
    owner?.flush();
    if (this.sharedBytes > 0) {
      this.flushShared();
    }
    owner = this;
  }

  private flushShared(): void {
    const { socket, shared, sharedBytes } = this;
    this.shared = [];
    this.sharedBytes = 0;
    // What a busy socket keeps stays shared; else one write of copies is cheaper than one write of many parts.
    if (shared.length > 1 && socket.writableLength === 0 && sharedBytes <= BLOCK_BYTES) {
      this.takeBlock();
      for (const bytes of shared) {
        filled += bytes.copy(block, filled);
      }
      this.pending = sharedBytes;
      this.flush();
      return;
    }
    socket.cork();
    shared.forEach((bytes) => socket.write(bytes));
    socket.uncork();
    this.written += sharedBytes;
    this.steer();
  }

  private steer(): void {
    const { socket } = this;
    this.isFull = socket.writableNeedDrain && socket.writableLength > this.sendBufferSize;
  }

  private frameByReference(firstByte: number, bytes: Buffer, start: number, end: number): void {
    if (filled + MAX_SERVER_HEADER_BYTES > BLOCK_BYTES) {
      this.flush();
      owner = this;
    }
    if (!this.isCorked) {
      this.isCorked = true;
      this.socket.cork();
    }
    const to = writeFrameHeader(block, filled, firstByte, end - start);
    this.pending += to - filled + end - start;
    filled = to;
    this.handOver();
    this.socket.write(bytes.subarray(start, end));
    if (this.pending > this.sendBufferSize) {
      this.flush();
    }
  }

  /** Gives the socket what the block holds for it. */
  private handOver(): void {
    if (filled === handedOver) {
      return;
    }
    const bytes = block.subarray(handedOver, filled);
    // A busy socket keeps what it is given until the peer reads: a copy of the right size, not the whole block.
    if (this.isStalled && filled <= BLOCK_BYTES / 2) {
      this.socket.write(Buffer.from(bytes));
    } else {
      this.socket.write(bytes);
      isLent = true;
    }
    handedOver = filled;
  }
}

/**
 * Lets the block begin where its words fall together with those of the payload that is copied first. What an echo sends
 * has just the four bytes of the masking key less than what it got, frame by frame: when the words of the first frame
 * fall together, those of all frames of the read do, and are copied as words.
 */
function alignWith(position: number): void {
  filled = position & 3;
  handedOver = filled;
}
