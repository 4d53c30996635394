import type { MessageCompression } from './message-compression.js';
import type { OutputBuffer } from './output-buffer.js';
import { PreparedMessage } from './prepared-message.js';
import { Fragment, type WebSocketMessageType } from '../protocol/fragment.js';
import { FIN, Opcode } from '../protocol/opcode.js';
import { bytesOf, opcodeOf, type WebSocketData } from './web-socket-data.js';

/** How one message is sent. */
export interface WebSocketSendOptions {
  /** Sends it as it is on a connection that compresses. Default false. */
  readonly disableCompression?: boolean;
}

/** Makes frames of what is sent (RFC 6455 section 5.4), in order, and tells who sends more than the peer takes to wait. */
export class MessageSender {
  /** How many messages were sent whole. */
  messagesSent = 0;
  /** How many bytes of messages wait to be compressed, or for those before them to be. */
  bytesToCompress = 0;
  /** Whether a message goes out in fragments and the next one continues it. */
  isSendingMessage = false;
  /** Compressed messages that are not in the output yet: what is sent after them waits. */
  private unfinished: Promise<void> | undefined;
  private isStopped = false;
  private drained: Promise<void> | undefined;
  private resolveDrained: (() => void) | undefined;

  constructor(
    private readonly output: OutputBuffer,
    /** Where permessage-deflate was agreed on. */
    private readonly compression: MessageCompression | undefined,
  ) {}

  /** Settled when all that was sent is in the output; undefined when it is. */
  get pending(): Promise<void> | undefined {
    return this.unfinished;
  }

  /** Sends data as `WebSocketConnection.send` does. */
  send(
    data: WebSocketData,
    type: WebSocketMessageType | undefined,
    endOfMessage: boolean | undefined,
    options: WebSocketSendOptions | undefined,
  ): void | Promise<void> {
    if (data instanceof Fragment) {
      data.requireValid();
      const opcode = type === undefined ? data.opcode : opcodeOf(type);
      const isLast = endOfMessage ?? data.endOfMessage;
      return this.compression === undefined
        ? this.sendFrame(opcode, isLast, data.chunk, data.start, data.end, data.maskingKey)
        : this.sendInTurn(this.compression, opcode, isLast, data.data, options);
    }
    if (data instanceof PreparedMessage) {
      return this.sendPrepared(data, type, endOfMessage, options);
    }
    const bytes = bytesOf(data);
    const opcode = opcodeOf(type ?? (typeof data === 'string' ? 'text' : 'binary'));
    return this.compression === undefined
      ? this.sendFrame(opcode, endOfMessage ?? true, bytes, 0, bytes.length)
      : this.sendInTurn(this.compression, opcode, endOfMessage ?? true, bytes, options);
  }

  /** Sends a control frame, which may come between the frames of a message. */
  sendControl(opcode: number, payload: Buffer): void {
    this.output.frame(FIN | opcode, payload, 0, payload.length);
    this.output.flushSoon();
  }

  /** Wakes those that wait for the peer to take what was sent. */
  wake(): void {
    this.drained = undefined;
    this.resolveDrained?.();
  }

  /** Sends nothing any more, of compressed messages that are on their way neither. */
  stop(): void {
    this.isStopped = true;
  }

  private sendFrame(
    opcode: number,
    endOfMessage: boolean,
    bytes: Buffer,
    start: number,
    end: number,
    maskingKey = 0,
  ): void | Promise<void> {
    const firstByte = (endOfMessage ? FIN : 0) | (this.isSendingMessage ? Opcode.continuation : opcode);
    this.count(endOfMessage);
    this.output.frame(firstByte, bytes, start, end, maskingKey);
    this.output.flushSoon();
    return this.output.isFull ? this.untilDrained() : undefined;
  }

  private sendPrepared(
    message: PreparedMessage,
    type: WebSocketMessageType = message.type,
    endOfMessage = true,
    options?: WebSocketSendOptions,
  ): void | Promise<void> {
    const isAsPrepared = type === message.type && endOfMessage && !this.isSendingMessage;
    if (!isAsPrepared || this.compression !== undefined) {
      return this.send(message.payload, type, endOfMessage, options);
    }
    this.messagesSent++;
    this.output.sharedFrame(message.frame);
    return this.output.isFull ? this.untilDrained() : undefined;
  }

  /** Compressing takes its time elsewhere, so each frame waits for the ones before. */
  private sendInTurn(
    compression: MessageCompression,
    opcode: number,
    endOfMessage: boolean,
    bytes: Buffer,
    options: WebSocketSendOptions = {},
  ): Promise<void> {
    const startsMessage = !this.isSendingMessage;
    this.count(endOfMessage);
    const deflate = compression.startSend(startsMessage, endOfMessage, options.disableCompression ?? false);
    const firstByte = (endOfMessage ? FIN : 0) | (startsMessage ? opcode | deflate.reservedBits : Opcode.continuation);
    this.bytesToCompress += bytes.length;
    const sent = (this.unfinished ?? Promise.resolve()).then(async () => {
      const payload = await deflate.payloadOf(bytes);
      this.bytesToCompress -= bytes.length;
      if (payload === undefined || this.isStopped) {
        return;
      }
      this.output.frame(firstByte, payload, 0, payload.length);
      this.output.flushSoon();
      if (this.output.isFull) {
        await this.untilDrained();
      }
    });
    this.unfinished = sent;
    void sent.then(() => {
      if (this.unfinished === sent) {
        this.unfinished = undefined;
      }
    });
    return sent;
  }

  private count(endOfMessage: boolean): void {
    this.isSendingMessage = !endOfMessage;
    if (endOfMessage) {
      this.messagesSent++;
    }
  }

  private untilDrained(): Promise<void> {
    return (this.drained ??= new Promise((resolve) => (this.resolveDrained = resolve)));
  }
}
