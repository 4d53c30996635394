import { Injectable } from '@nestjs/common';
import { SENT, WebSocketCloseStatus, type PreparedMessage, type WebSocketConnection } from 'nest-raw-websockets';

/** Counts the deliveries of the chat since the start. Plain numbers, so that a delivery costs one addition. */
@Injectable()
export class DeliveryCounters {
  /** Messages handed to a socket, counted once for each socket. */
  delivered = 0;
  /** Messages that a socket did not get because its queue was full. */
  dropped = 0;
  /** Sockets that were closed because their queue was full. */
  closedAsSlow = 0;
}

/** How much may wait for one socket, and what happens if more would. */
export interface OutboxOptions {
  /** How many messages may wait. */
  readonly queueMessages: number;
  /** How many bytes may wait. One message may wait whatever its size. */
  readonly queueSize: number;
  /** `drop-oldest` drops the message that has waited longest; `close` closes the socket with 1013, try again later. */
  readonly whenQueueFull: 'drop-oldest' | 'close';
}

/**
 * The messages that wait for one socket. While the socket keeps up the queue is empty, and messages are sent at once. A
 * slow socket fills its own queue only: no other socket waits for it.
 */
export class Outbox {
  private readonly queue: PreparedMessage[] = [];
  private queuedBytes = 0;
  /** Whether the last message is still being sent. */
  private isBusy = false;

  constructor(
    private readonly socket: WebSocketConnection,
    private readonly options: OutboxOptions,
    private readonly counters: DeliveryCounters,
  ) {}

  /** Sends a message, now or after the messages before it. A socket that is closing gets no more messages. */
  post(message: PreparedMessage): void {
    if (this.socket.state !== 'open') {
      return;
    }
    if (this.isBusy) {
      this.enqueue(message);
    } else {
      this.send(message);
    }
  }

  private send(message: PreparedMessage): void {
    this.counters.delivered++;
    const sent = this.socket.send(message);
    if (sent !== SENT) {
      this.isBusy = true;
      void sent.then(() => this.sendQueued());
    }
  }

  private sendQueued(): void {
    this.isBusy = false;
    while (!this.isBusy && this.queue.length > 0) {
      const message = this.dequeue();
      if (this.socket.state === 'open') {
        this.send(message);
      }
    }
  }

  private enqueue(message: PreparedMessage): void {
    this.queue.push(message);
    this.queuedBytes += message.byteLength;
    if (this.isOverfull && this.options.whenQueueFull === 'close') {
      this.closeAsSlow();
    }
    while (this.isOverfull) {
      this.dequeue();
      this.counters.dropped++;
    }
  }

  private get isOverfull(): boolean {
    const isTooLarge = this.queuedBytes > this.options.queueSize && this.queue.length > 1;
    return isTooLarge || this.queue.length > this.options.queueMessages;
  }

  private dequeue(): PreparedMessage {
    const message = this.queue.shift() as PreparedMessage;
    this.queuedBytes -= message.byteLength;
    return message;
  }

  private closeAsSlow(): void {
    this.counters.closedAsSlow++;
    this.counters.dropped += this.queue.length;
    this.queue.length = 0;
    this.queuedBytes = 0;
    void this.socket.close(WebSocketCloseStatus.tryAgainLater, 'Too many messages wait for this client');
  }
}
