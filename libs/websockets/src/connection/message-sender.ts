import { Fragment } from '../protocol/fragment.js';
import { FIN, Opcode } from '../protocol/frame-header.js';
import type { MessageCompression } from './message-compression.js';
import type { OutputBuffer } from './output-buffer.js';
import { bytesOf, opcodeOf, PreparedMessage, type WebSocketData } from './prepared-message.js';
import type { WebSocketSendOptions } from './web-socket-connection.js';
import { WebSocketError } from './web-socket-error.js';

/**
 * The promise that `send` returns while the peer keeps up: already fulfilled with true, and always the same one. Code that
 * sends a lot can compare with it to see whether there is anything to wait for: `if (sent !== SENT) await sent;`.
 */
export const SENT: Promise<boolean> = Promise.resolve(true);

const DEFAULTS: WebSocketSendOptions = {};

/** Makes frames of messages (RFC 6455 section 5.4), in order, and has senders wait while the peer does not keep up. */
export class MessageSender {
  /** How many whole messages were sent. */
  messagesSent = 0;
  /** How many bytes of messages wait to be compressed, or for messages before them to be. */
  bytesToCompress = 0;
  /** Whether a message was sent in part: the next frame continues it. */
  isInMessage = false;
  /** Compressed messages that are not in the output yet: what is sent after them waits. */
  private unfinished: Promise<boolean> | undefined;
  private isStopped = false;
  private drained: Promise<boolean> | undefined;
  private resolveDrained: ((isSent: boolean) => void) | undefined;

  constructor(
    private readonly output: OutputBuffer,
    /** Where permessage-deflate was agreed on. */
    private readonly compression: MessageCompression | undefined,
  ) {}

  /** Settled when everything that was sent is in the output; undefined when it is. */
  get pending(): Promise<unknown> | undefined {
    return this.unfinished;
  }

  /** Sends data as `WebSocketConnection.send` does. */
  send(data: WebSocketData, options = DEFAULTS): Promise<boolean> {
    if (typeof options !== 'object') {
      const given = JSON.stringify(options);
      throw new WebSocketError(
        'WS_INVALID_DATA',
        `The options of send() are ${given}; they can be { type, endOfMessage, compress }.`,
      );
    }
    const { type, endOfMessage } = options;
    if (data instanceof Fragment) {
      data.requireValid();
      const opcode = type === undefined ? data.opcode : opcodeOf(type);
      const isLast = endOfMessage ?? data.endOfMessage;
      return this.compression === undefined
        ? this.sendFrame(opcode, isLast, data.chunk, data.start, data.end, data.maskingKey)
        : this.sendInTurn(this.compression, opcode, isLast, data.data, options);
    }
    if (data instanceof PreparedMessage) {
      return this.sendPrepared(data, options);
    }
    const bytes = bytesOf(data);
    const opcode = opcodeOf(type ?? (typeof data === 'string' ? 'text' : 'binary'));
    return this.compression === undefined
      ? this.sendFrame(opcode, endOfMessage ?? true, bytes, 0, bytes.length, 0)
      : this.sendInTurn(this.compression, opcode, endOfMessage ?? true, bytes, options);
  }

  /** Sends a control frame, which may come between the frames of a message. */
  sendControl(opcode: number, payload: Buffer): void {
    this.output.frame(FIN | opcode, payload, 0, payload.length);
    this.output.flushSoon();
  }

  /** Wakes senders that wait for the peer. @param isSent whether what they sent can still arrive */
  wake(isSent: boolean): void {
    this.drained = undefined;
    this.resolveDrained?.(isSent);
  }

  /** Sends nothing any more, not even messages that are being compressed. */
  stop(): void {
    this.isStopped = true;
  }

  private sendFrame(
    opcode: number,
    endOfMessage: boolean,
    bytes: Buffer,
    start: number,
    end: number,
    maskingKey: number,
  ): Promise<boolean> {
    const firstByte = (endOfMessage ? FIN : 0) | (this.isInMessage ? Opcode.continuation : opcode);
    this.isInMessage = !endOfMessage;
    return this.addFrame(firstByte, bytes, start, end, maskingKey);
  }

  private addFrame(firstByte: number, bytes: Buffer, start: number, end: number, maskingKey: number): Promise<boolean> {
    if (firstByte & FIN) {
      this.messagesSent++;
    }
    this.output.frame(firstByte, bytes, start, end, maskingKey);
    this.output.flushSoon();
    return this.output.isFull ? this.untilDrained() : SENT;
  }

  private sendPrepared(message: PreparedMessage, options: WebSocketSendOptions): Promise<boolean> {
    const { type = message.type, endOfMessage = true } = options;
    const isAsPrepared = type === message.type && endOfMessage && !this.isInMessage;
    if (!isAsPrepared || this.compression !== undefined) {
      return this.send(message.payload, { ...options, type });
    }
    this.messagesSent++;
    this.output.sharedFrame(message.frame);
    return this.output.isFull ? this.untilDrained() : SENT;
  }

  /** Large messages are compressed on other threads, so each frame waits for those before. */
  private sendInTurn(
    compression: MessageCompression,
    opcode: number,
    endOfMessage: boolean,
    bytes: Buffer,
    { compress = true }: WebSocketSendOptions,
  ): Promise<boolean> {
    const startsMessage = !this.isInMessage;
    this.isInMessage = !endOfMessage;
    const deflate = compression.startSend(startsMessage, endOfMessage, compress);
    const firstByte = (endOfMessage ? FIN : 0) | (startsMessage ? opcode | deflate.reservedBits : Opcode.continuation);
    const atOnce = this.unfinished === undefined ? deflate.payloadAtOnceOf(bytes) : undefined;
    if (atOnce !== undefined) {
      return this.addFrame(firstByte, atOnce, 0, atOnce.length, 0);
    }
    this.bytesToCompress += bytes.length;
    const sent = (this.unfinished ?? SENT).then(async () => {
      const payload = await deflate.payloadOf(bytes);
      this.bytesToCompress -= bytes.length;
      if (payload === undefined || this.isStopped) {
        return false;
      }
      return this.addFrame(firstByte, payload, 0, payload.length, 0);
    });
    this.unfinished = sent;
    void sent.then(() => {
      if (this.unfinished === sent) {
        this.unfinished = undefined;
      }
    });
    return sent;
  }

  private untilDrained(): Promise<boolean> {
    return (this.drained ??= new Promise((resolve) => (this.resolveDrained = resolve)));
  }
}
