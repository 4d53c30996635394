import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import type { MessageCompression } from './message-compression.js';
import type { MessageRate } from './message-rate.js';
import { ProtocolError } from '../protocol/close-status.js';
import type { Fragment, FragmentHandler } from '../protocol/fragment.js';
import { FrameParser, type FrameReceiver } from '../protocol/frame-parser.js';
import { SENT } from './message-sender.js';
import type { PeerClose } from './web-socket-connection.js';

/** What the receiving side tells its connection. */
export interface ReceiverEvents extends Omit<FrameReceiver, 'onFragment'> {
  /** The handler is done, and fragments may flow again. */
  onHandled(): void;
  /** A message was inflated to something that breaks the protocol. */
  onInvalidMessage(error: ProtocolError): void;
}

/** The limits of receiving. */
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

/** A call of `receive` that is under way. */
interface PendingReceive {
  readonly onFragment: FragmentHandler;
  readonly resolve: (close: PeerClose) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes fragments of a peer's bytes and hands them to the handler, in order. They are held while there is no handler, while
 * a promise of the handler is pending, and while the peer does not take what it is sent.
 */
export class MessageReceiver implements FrameReceiver {
  /** How many messages came whole. */
  messagesReceived = 0;
  /** Whether a message, or a part of one, came in the read at hand. */
  hasMessage = false;
  /** Whether `receive` was ever called. */
  wasWanted = false;

  private readonly parser: FrameParser;
  private pending: PendingReceive | undefined;
  private isAwaiting = false;
  private dropsMessages = false;

  constructor(
    private readonly options: ReceiverOptions,
    private readonly events: ReceiverEvents,
  ) {
    this.parser = new FrameParser(this, options.receiveBufferSize, options.compression !== undefined);
  }

  /** Whether a call of `receive` is under way. */
  get isWanted(): boolean {
    return this.pending !== undefined;
  }

  /** Whether a promise of the handler is pending. */
  get isHandling(): boolean {
    return this.isAwaiting;
  }

  /** Whether bytes that arrived are held. No more should be read then. */
  get isHolding(): boolean {
    return this.parser.isHolding;
  }

  /** Hands fragments to `onFragment` from the next `release` on. Resolves with the peer's close. */
  start(onFragment: FragmentHandler): Promise<PeerClose> {
    this.wasWanted = true;
    return new Promise((resolve, reject) => {
      this.pending = { onFragment, resolve, reject };
    });
  }

  /** Ends the call of `receive` without settling it. */
  cancel(): void {
    this.pending = undefined;
  }

  /** Fulfils the promise of `receive` with the peer's close. */
  settle(close: PeerClose): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.resolve(close);
  }

  /** Rejects the promise of `receive`. */
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

  /** Whether messages are dropped. */
  get isDropping(): boolean {
    return this.dropsMessages;
  }

  /** Drops messages from now on, because this side has closed. Control frames are still handled. */
  drop(): void {
    this.dropsMessages = true;
  }

  /** Drops everything from now on. */
  stop(): void {
    this.dropsMessages = true;
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
      } else if (handled !== undefined && handled !== SENT) {
        this.awaitHandler(handled);
      } else if (output.isFull) {
        this.holdBack();
      }
    } catch (error) {
      this.onFailed(error);
    }
  }

  onPing(payload: Buffer): void {
    this.events.onPing(payload);
  }

  onPong(payload: Buffer): void {
    this.events.onPong(payload);
  }

  onCloseFrame(status: number | undefined, description: string): void {
    this.events.onCloseFrame(status, description);
  }

  /** This side may have closed, or the call of `receive` ended, while the message was inflated. */
  private onInflated(receive: PendingReceive, fragment: Fragment): void | Promise<unknown> {
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
        this.onFailed(error);
      },
    );
  }

  /** The message is not what it has to be, or the handler failed. */
  private onFailed(error: unknown): void {
    if (error instanceof ProtocolError) {
      this.events.onInvalidMessage(error);
    } else {
      this.fail(error);
    }
  }
}
