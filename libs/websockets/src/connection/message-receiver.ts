import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import type { MessageCompression } from './message-compression.js';
import type { MessageRate } from './message-rate.js';
import type { Fragment } from '../protocol/fragment.js';
import { FrameParser, type FrameReceiver } from '../protocol/frame-parser.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import type { WebSocketCloseResult } from './web-socket-close.js';

/** What `receive` calls with each fragment. While a promise that it returned is pending, nothing more is read. */
export type FragmentHandler = (fragment: Fragment) => void | Promise<void>;

/** What the receiving side tells its connection. */
export interface ReceiverEvents extends Omit<FrameReceiver, 'onFragment'> {
  /** What held fragments back is over. */
  onHandled(): void;
  /** What a message was inflated to breaks the protocol. */
  onInvalidMessage(error: ProtocolError): void;
}

/** What decides how fast messages are received. */
export interface ReceiverOptions {
  /** The largest fragment to hand on, in bytes. */
  readonly receiveBufferSize: number;
  /** Where permessage-deflate was agreed on. */
  readonly compression: MessageCompression | undefined;
  /** Where the rate of messages is limited. */
  readonly rate: MessageRate | undefined;
  /** Where answers go: while it is full, fragments are held back. */
  readonly output: { readonly isFull: boolean };
}

/** Somebody who waits for fragments, and for the peer's close. */
interface PendingReceive {
  readonly onFragment: FragmentHandler;
  readonly resolve: (close: WebSocketCloseResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes fragments of a peer's bytes and hands them to whoever receives, in order. What nobody can take yet is held: while
 * nobody receives, while a promise of the handler is pending, and while the peer does not take what it is sent.
 */
export class MessageReceiver implements FrameReceiver {
  /** How many messages came whole. */
  messagesReceived = 0;
  /** Whether a message, or a part of one, came in the read at hand. */
  hasMessage = false;
  /** Whether anybody has received. */
  wasWanted = false;

  private readonly parser: FrameParser;
  private pending: PendingReceive | undefined;
  /** Whether a promise that the handler returned is pending. */
  private isAwaiting = false;
  private isDropping = false;

  constructor(
    private readonly options: ReceiverOptions,
    private readonly events: ReceiverEvents,
  ) {
    this.parser = new FrameParser(this, options.receiveBufferSize, options.compression !== undefined);
  }

  /** Whether somebody receives. */
  get isWanted(): boolean {
    return this.pending !== undefined;
  }

  /** Whether the handler is at work. */
  get isHandling(): boolean {
    return this.isAwaiting;
  }

  /** Whether bytes that came are held. Until they are not, no more should be read. */
  get isHolding(): boolean {
    return this.parser.isHolding;
  }

  /** Hands fragments to `onFragment` from the next `resume` on. Resolves with the peer's close. */
  start(onFragment: FragmentHandler): Promise<WebSocketCloseResult> {
    this.wasWanted = true;
    return new Promise((resolve, reject) => {
      this.pending = { onFragment, resolve, reject };
    });
  }

  /** Forgets who receives. */
  cancel(): void {
    this.pending = undefined;
  }

  /** Tells who receives of the peer's close. */
  settle(close: WebSocketCloseResult): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.resolve(close);
  }

  /** Tells who receives that no more will come. */
  fail(error: unknown): void {
    const { pending } = this;
    this.pending = undefined;
    this.parser.isFlowing = this.isDropping;
    pending?.reject(error);
  }

  /** Takes the bytes of a read. @throws ProtocolError */
  parse(bytes: Buffer): void {
    this.parser.parse(bytes);
  }

  /** Goes on with the bytes that are held. @throws ProtocolError */
  parseHeld(): void {
    this.parser.resume();
  }

  /** Lets fragments flow, unless something holds them back. @returns whether bytes that are held can be parsed now */
  release(): boolean {
    const isTaken = this.pending !== undefined && !this.isAwaiting && !this.options.output.isFull;
    this.parser.isFlowing = this.isDropping || isTaken;
    return this.parser.isFlowing && this.parser.isHolding;
  }

  /** Lets no fragment flow until `release`. */
  holdBack(): void {
    this.parser.isFlowing = false;
  }

  /** Drops messages from now on: this side has closed. Control frames are still told. */
  drop(): void {
    this.isDropping = true;
  }

  /** Drops everything from now on. */
  stop(): void {
    this.isDropping = true;
    this.parser.stop();
  }

  onFragment(fragment: Fragment): void {
    this.hasMessage = true;
    if (fragment.endOfMessage) {
      this.messagesReceived++;
    }
    const { pending } = this;
    if (pending === undefined || this.isDropping) {
      return;
    }
    const { compression, rate, output } = this.options;
    try {
      const handled =
        fragment.isCompressed && compression !== undefined
          ? compression.receive(fragment, (inflated) => this.onInflated(pending, inflated))
          : pending.onFragment(fragment);
      const wait = fragment.endOfMessage && rate !== undefined ? rate.take() : 0;
      if (wait > 0) {
        this.awaitHandler(Promise.all([handled, setTimeoutAsync(wait)]));
      } else if (handled !== undefined) {
        this.awaitHandler(handled);
      } else if (output.isFull) {
        this.holdBack();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  onPing(payload: Buffer): void {
    this.events.onPing(payload);
  }

  onPong(payload: Buffer): void {
    this.events.onPong(payload);
  }

  onClose(status: number | undefined, description: string): void {
    this.events.onClose(status, description);
  }

  /** Inflating takes its time: what ended this side of the connection meanwhile ends that, too. */
  private onInflated(receive: PendingReceive, fragment: Fragment): void | Promise<void> {
    return this.isDropping || this.pending !== receive ? undefined : receive.onFragment(fragment);
  }

  private awaitHandler(handled: unknown): void {
    this.isAwaiting = true;
    this.holdBack();
    Promise.resolve(handled).then(
      () => {
        this.isAwaiting = false;
        this.events.onHandled();
      },
      (error: unknown) => {
        this.isAwaiting = false;
        if (error instanceof ProtocolError) {
          this.events.onInvalidMessage(error);
        } else {
          this.fail(error);
        }
      },
    );
  }
}
