import { WebSocketCloseStatus } from '../protocol/close-status.js';
import type { Fragment, FragmentHandler } from '../protocol/fragment.js';
import { WebSocketError } from './web-socket-error.js';

/** A whole message. */
export type WebSocketMessage =
  { readonly type: 'text'; readonly data: string } | { readonly type: 'binary'; readonly data: Buffer };

/**
 * Joins fragments to messages, in one buffer that grows: a message of a million tiny fragments takes no more memory than
 * its bytes.
 */
export class MessageCollector {
  private collected = Buffer.alloc(0);
  private length = 0;

  /** @param maxMessageSize the largest message, in bytes */
  constructor(private readonly maxMessageSize: number) {}

  /**
   * @returns the message, when the fragment ends it
   * @throws WebSocketError `WS_MESSAGE_TOO_BIG`
   */
  add(fragment: Fragment): WebSocketMessage | undefined {
    const length = this.length + fragment.length;
    if (length > this.maxMessageSize) {
      throw new WebSocketError(
        'WS_MESSAGE_TOO_BIG',
        `A message is larger than maxMessageSize, which is ${this.maxMessageSize} bytes.`,
        WebSocketCloseStatus.messageTooBig,
      );
    }
    if (fragment.endOfMessage && this.length === 0) {
      return fragment.type === 'text'
        ? { type: 'text', data: fragment.data.toString('utf8') }
        : { type: 'binary', data: Buffer.from(fragment.data) };
    }
    if (length > this.collected.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * length, 1024), this.maxMessageSize));
      this.collected.copy(larger, 0, 0, this.length);
      this.collected = larger;
    }
    fragment.data.copy(this.collected, this.length);
    this.length = length;
    return fragment.endOfMessage ? this.take(fragment) : undefined;
  }

  private take({ type }: Fragment): WebSocketMessage {
    const bytes = this.collected.subarray(0, this.length);
    this.collected = Buffer.alloc(0);
    this.length = 0;
    return type === 'text' ? { type, data: bytes.toString('utf8') } : { type, data: bytes };
  }
}

/** A connection, as far as reading messages needs it. */
interface MessageSource {
  receive(onFragment: FragmentHandler): Promise<unknown>;
  /** Ends `receive`. Another one may follow. */
  stopReceiving(): void;
  close(status: number, description: string): Promise<void>;
}

/** Reads messages as `WebSocketConnection.messages` does. */
export async function* readMessages(
  connection: MessageSource,
  maxMessageSize: number,
): AsyncGenerator<WebSocketMessage, void, void> {
  const collector = new MessageCollector(maxMessageSize);
  let message: WebSocketMessage | undefined;
  let wakeReader: (() => void) | undefined;
  let wakeReceiver: (() => void) | undefined;

  const end = connection
    .receive((fragment) => {
      message = collector.add(fragment);
      if (message === undefined) {
        return undefined;
      }
      wakeReader?.();
      // Nothing more is read until the reader comes for the next message.
      return new Promise<void>((resolve) => (wakeReceiver = resolve));
    })
    .then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  let hasEnded = false;
  void end.then(() => {
    hasEnded = true;
    wakeReader?.();
  });

  try {
    for (;;) {
      if (message === undefined && !hasEnded) {
        await new Promise<void>((resolve) => (wakeReader = resolve));
      }
      if (message === undefined) {
        break;
      }
      const next: WebSocketMessage = message;
      message = undefined;
      yield next;
      wakeReceiver?.();
    }
    const failed = await end;
    if (failed !== undefined) {
      throw failed.error;
    }
  } catch (error) {
    if (error instanceof WebSocketError && error.code === 'WS_MESSAGE_TOO_BIG') {
      void connection.close(WebSocketCloseStatus.messageTooBig, 'Message too big');
    }
    throw error;
  } finally {
    // A receive() that has ended may have been refused, because of another one that goes on.
    if (!hasEnded) {
      connection.stopReceiving();
    }
    wakeReceiver?.();
  }
}
