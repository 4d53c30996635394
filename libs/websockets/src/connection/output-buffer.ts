import type { Duplex } from 'node:stream';
import { frameHeaderLength, MAX_SERVER_HEADER_BYTES, writeFrameHeader } from '../protocol/frame-header.js';
import { MAX_MASKED_FRAGMENT_BYTES } from '../protocol/fragment.js';
import { copyUnmasked, wordViewOf } from '../protocol/masking-key.js';
import { OutputBlock } from './output-block.js';

/** What is told of an output that is observed. */
export interface OutputObserver {
  /** Bytes are given to the socket, whole frames in the end. */
  written(bytes: Buffer): void;
  /** More than `sendBufferSize` bytes wait for the peer. */
  full(): void;
}

/** Payloads up to this size are copied into the block; larger ones are written by reference. */
const COPY_UP_TO = 16 * 1024;
/** Up to this size a loop copies faster than the view that `Buffer.copy` makes, and unmasks at the same time. */
const LOOP_UP_TO = MAX_MASKED_FRAGMENT_BYTES;

/** The block of the process. */
const block = new OutputBlock();

/**
 * Collects the frames that one turn of the event loop produces for a connection, so that they leave in one write. The
 * write is what small messages cost, so nothing saves more.
 */
export class OutputBuffer {
  /** Whether more than `sendBufferSize` bytes wait for the peer. Ends with the socket's `drain`. */
  isFull = false;
  /** Whether a flush is sure to come, as at the end of a read. */
  willBeFlushed = false;
  /** Set where the connection is observed. */
  observer: OutputObserver | undefined;

  private written = 0;
  /** Frames that other connections send, too. They come before what the block holds. */
  private shared: Buffer[] = [];
  private sharedBytes = 0;
  private isCorked = false;
  /** How many bytes were added since the last flush. */
  private pending = 0;
  /** Whether the socket was still busy after the last write; it should not keep a whole block then. */
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
   * @param bytes contains the payload, from `start` to `end`
   * @param maskingKey the key that a payload of at most `MAX_MASKED_FRAGMENT_BYTES` is still masked with; 0 for none
   */
  frame(firstByte: number, bytes: Buffer, start: number, end: number, maskingKey = 0): void {
    const length = end - start;
    if (block.owner !== this) {
      this.takeBlock();
    }
    if (length > COPY_UP_TO) {
      this.frameByReference(firstByte, bytes, start, end);
      return;
    }
    if (block.filled + MAX_SERVER_HEADER_BYTES + length > block.size) {
      this.flush();
      block.owner = this;
    }
    if (block.filled === 0) {
      block.alignWith(wordViewOf(bytes).byteOffset + start - frameHeaderLength(length));
    }
    const frameStart = block.filled;
    const payloadStart = writeFrameHeader(block.bytes, frameStart, firstByte, length);
    if (length > LOOP_UP_TO) {
      bytes.copy(block.bytes, payloadStart, start, end);
    } else {
      copyUnmasked(bytes, start, end, maskingKey, block.bytes, block.words, payloadStart);
    }
    block.filled = payloadStart + length;
    this.pending += block.filled - frameStart;
    if (this.pending > this.sendBufferSize) {
      this.flush();
    }
  }

  /**
   * Adds a whole frame, header and payload, that many connections send. It is written at the end of this round of the
   * event loop, so that everything that a round of messages from many peers brings leaves in one write.
   *
   * @param bytes must never change
   */
  sharedFrame(bytes: Buffer): void {
    if (block.owner === this) {
      this.flush();
    }
    if (this.shared.push(bytes) === 1) {
      block.flushAfterRound(this);
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
    return this.socket.writableLength + this.sharedBytes + (block.owner === this ? block.length : 0);
  }

  /** Has what was added written once this turn's work is done. */
  flushSoon(): void {
    if (!this.willBeFlushed) {
      block.flushSoon();
    }
  }

  /** Writes what was added, in one write. */
  flush(): void {
    if (this.sharedBytes > 0) {
      this.flushShared();
    }
    if (block.owner !== this) {
      return;
    }
    block.owner = undefined;
    const { socket } = this;
    this.writeBlock();
    if (this.isCorked) {
      this.isCorked = false;
      socket.uncork();
    }
    this.written += this.pending;
    this.pending = 0;
    this.isStalled = socket.writableLength > 0;
    block.reset(this.isStalled);
    this.updateIsFull();
  }

  private takeBlock(): void {
    if (this.sharedBytes > 0) {
      this.flushShared();
    }
    block.take(this);
  }

  private flushShared(): void {
    const { socket, shared, sharedBytes } = this;
    this.shared = [];
    this.sharedBytes = 0;
    // What a busy socket keeps stays shared. Otherwise one write of copies is cheaper than one write of many parts.
    if (shared.length > 1 && socket.writableLength === 0 && sharedBytes <= block.size) {
      block.take(this);
      for (const bytes of shared) {
        block.filled += bytes.copy(block.bytes, block.filled);
      }
      this.pending = sharedBytes;
      this.flush();
      return;
    }
    socket.cork();
    shared.forEach((bytes) => this.write(bytes));
    socket.uncork();
    this.written += sharedBytes;
    this.updateIsFull();
  }

  private updateIsFull(): void {
    const { socket } = this;
    this.isFull = socket.writableNeedDrain && socket.writableLength > this.sendBufferSize;
    if (this.isFull) {
      this.observer?.full();
    }
  }

  private frameByReference(firstByte: number, bytes: Buffer, start: number, end: number): void {
    if (block.filled + MAX_SERVER_HEADER_BYTES > block.size) {
      this.flush();
      block.owner = this;
    }
    if (!this.isCorked) {
      this.isCorked = true;
      this.socket.cork();
    }
    const frameStart = block.filled;
    block.filled = writeFrameHeader(block.bytes, frameStart, firstByte, end - start);
    this.pending += block.filled - frameStart + end - start;
    this.writeBlock();
    this.write(bytes.subarray(start, end));
    if (this.pending > this.sendBufferSize) {
      this.flush();
    }
  }

  /** Gives the socket what the block holds for it. */
  private writeBlock(): void {
    // A busy socket keeps what it is given until the peer reads: a copy of the right size, not the whole block.
    const bytes = block.handOver(this.isStalled && block.filled <= block.size / 2);
    if (bytes !== undefined) {
      this.write(bytes);
    }
  }

  private write(bytes: Buffer): void {
    this.observer?.written(bytes);
    this.socket.write(bytes);
  }
}
