import { Compressor } from '../protocol/compressor.js';
import { ProtocolError, WebSocketCloseStatus } from '../protocol/close-status.js';
import { Decompressor } from '../protocol/decompressor.js';
import { Fragment, type FragmentHandler } from '../protocol/fragment.js';
import { Opcode, RSV1 } from '../protocol/frame-header.js';
import type { DeflateParameters } from '../protocol/permessage-deflate.js';
import { Utf8Validator } from '../protocol/utf8-validator.js';
import { SENT } from './message-sender.js';

/** How one frame is to be sent. */
interface FrameDeflation {
  /** The reserved bits of a message's first frame. */
  readonly reservedBits: number;
  /** The frame's payload, where it can be made at once. */
  payloadAtOnceOf(bytes: Buffer): Buffer | undefined;
  /** The frame's payload; nothing once the connection has ended. */
  payloadOf(bytes: Buffer): Buffer | Promise<Buffer | undefined>;
}

/** One connection's permessage-deflate (RFC 7692). Its zlib streams are made when the first compressed message needs them. */
export class MessageCompression {
  private readonly compressor: Compressor;
  private readonly decompressor: Decompressor;
  private readonly text = new Utf8Validator();
  private readonly fragment = new Fragment();
  private isReceivingMessage = false;
  private isSendingCompressed = false;

  constructor(
    parameters: DeflateParameters,
    /** The largest fragment to hand on, in bytes. */
    private readonly receiveBufferSize: number,
  ) {
    this.compressor = new Compressor(parameters);
    this.decompressor = new Decompressor(parameters);
  }

  /**
   * Inflates a fragment, and hands on the result in fragments.
   *
   * @returns settled when `onFragment` is done; what it returned, where there is one fragment
   * @throws ProtocolError when it is not deflated data, or text that is not UTF-8; what `onFragment` throws
   */
  receive(fragment: Fragment, onFragment: FragmentHandler): void | Promise<unknown> {
    const { data, opcode, endOfMessage } = fragment;
    const isWhole = endOfMessage && !this.isReceivingMessage;
    this.isReceivingMessage = !endOfMessage;
    const message = isWhole ? this.decompressor.decompressAtOnce(data, this.receiveBufferSize) : undefined;
    if (message !== undefined) {
      return this.handOnMessage(message, opcode, onFragment);
    }
    return this.decompressor.decompress(data, endOfMessage, async (bytes, isEnd) => {
      if (opcode === Opcode.text) {
        this.checkText(bytes, isEnd);
      }
      let start = 0;
      do {
        const end = Math.min(start + this.receiveBufferSize, bytes.length);
        await this.handOn(bytes, start, end, opcode, isEnd && end === bytes.length, onFragment);
        start = end;
      } while (start < bytes.length);
    });
  }

  /** Tells how the next frame is sent. The first frame of a message decides for all of it. */
  startSend(startsMessage: boolean, endOfMessage: boolean, compress: boolean): FrameDeflation {
    if (startsMessage) {
      this.isSendingCompressed = compress;
    }
    if (!this.isSendingCompressed) {
      return { reservedBits: 0, payloadAtOnceOf: (bytes) => bytes, payloadOf: (bytes) => bytes };
    }
    const isWhole = startsMessage && endOfMessage;
    return {
      reservedBits: RSV1,
      payloadAtOnceOf: (bytes) => (isWhole ? this.compressor.compressAtOnce(bytes) : undefined),
      payloadOf: (bytes) => this.compressor.compress(bytes, endOfMessage),
    };
  }

  /** Frees the memory of its zlib streams. */
  close(): void {
    this.compressor.close();
    this.decompressor.close();
  }

  private checkText(bytes: Buffer, isEnd: boolean): void {
    if (!this.text.accepts(bytes, 0, bytes.length) || (isEnd && !this.text.isComplete)) {
      throw new ProtocolError('A compressed text message is not UTF-8', WebSocketCloseStatus.invalidPayloadData);
    }
  }

  private handOnMessage(message: Buffer, opcode: number, onFragment: FragmentHandler): void | Promise<unknown> {
    if (opcode === Opcode.text) {
      this.checkText(message, true);
    }
    return this.handOn(message, 0, message.length, opcode, true, onFragment);
  }

  private handOn(
    bytes: Buffer,
    start: number,
    end: number,
    opcode: number,
    endOfMessage: boolean,
    onFragment: FragmentHandler,
  ): void | Promise<unknown> {
    const { fragment } = this;
    fragment.chunk = bytes;
    fragment.start = start;
    fragment.end = end;
    fragment.view = undefined;
    fragment.opcode = opcode;
    fragment.endOfMessage = endOfMessage;
    const handled = onFragment(fragment);
    if (handled === undefined || handled === SENT) {
      fragment.release();
      return handled;
    }
    return Promise.resolve(handled).finally(() => fragment.release());
  }
}
