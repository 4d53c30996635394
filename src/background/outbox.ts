import { SENT, WebSocketCloseStatus, type PreparedMessage, type WebSocketConnection } from 'nest-raw-websockets';
import type { ChatCounters } from './chat-counters.js';

/** What may wait for one socket, and what happens when more would. */
export interface OutboxOptions {
  /** How many messages may wait. */
  readonly queueMessages: number;
  /** How many bytes may wait; one message may, whatever its size. */
  readonly queueSize: number;
  /** `drop-oldest` leaves out what waits longest; `close` closes the socket with 1013, try again later. */
  readonly whenQueueFull: 'drop-oldest' | 'close';
}

/**
 * What one socket has yet to be sent. A socket that takes what it is sent has an empty queue: its messages go straight
 * to it. One that does not costs its own queue, and no other socket waits for it.
 */
export class Outbox {
  private readonly queue: PreparedMessage[] = [];
  private queuedBytes = 0;
  /** Whether the socket has yet to take what it was sent. */
  private isBusy = false;

  constructor(
    private readonly socket: WebSocketConnection,
    private readonly options: OutboxOptions,
    private readonly counters: ChatCounters,
  ) {}

  /** Sends a message, now or when those before it are sent. A socket that closes gets no more. */
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
