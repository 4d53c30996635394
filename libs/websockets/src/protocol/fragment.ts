import { unmask } from './masking-key.js';
import { Opcode } from './frame-header.js';

/** Text or bytes, named as in ASP.NET Core. */
export type WebSocketMessageType = 'text' | 'binary';

/** Called with each fragment. While a promise that it returned is pending, nothing more is read. */
export type FragmentHandler = (fragment: Fragment) => void | Promise<unknown>;

const NO_BYTES = Buffer.alloc(0);

/**
 * Up to this size a fragment of a binary message stays masked until its `data` is read: an echo unmasks it while it copies
 * it.
 */
export const MAX_MASKED_FRAGMENT_BYTES = 320;

/**
 * A part of a message, handed on as its bytes arrive: what `ReceiveAsync` puts into its buffer, with
 * `WebSocketReceiveResult` beside it.
 *
 * One object serves all fragments of a connection, so it is valid only during the callback that it is given to, and
 * while the promise which that callback returned is pending. Copy `data` to keep it.
 */
export class Fragment {
  /** @internal The bytes of one read; the fragment is `chunk[start..end]`. `send` takes them from here, without a view. */
  chunk: Buffer = NO_BYTES;
  /** @internal */
  start = 0;
  /** @internal -1 once the callback is over. */
  end = -1;
  /** @internal The key that its bytes are masked with still; 0 when they are not. */
  maskingKey = 0;
  /** @internal */
  opcode: number = Opcode.binary;
  /** @internal Whether its bytes are deflated still. Handlers never see such a one. */
  isCompressed = false;
  /** @internal */
  view: Buffer | undefined;

  /** Whether this is the last fragment of its message. */
  endOfMessage = false;

  /** Whether the message is text or binary; the same for all fragments of a message. */
  get type(): WebSocketMessageType {
    return this.opcode === Opcode.text ? 'text' : 'binary';
  }

  /** How many bytes it has; may be 0. Making no view, it is cheaper than `data.length`. */
  get length(): number {
    return this.end < 0 ? 0 : this.end - this.start;
  }

  /**
   * The bytes, unmasked: a view into the read buffer, made when it is first asked for. Text may end in the middle of a
   * character here.
   *
   * @throws Error when it is asked for after the callback.
   */
  get data(): Buffer {
    this.requireValid();
    this.unmask();
    return (this.view ??= this.chunk.subarray(this.start, this.end));
  }

  private unmask(): void {
    if (this.maskingKey !== 0) {
      unmask(this.chunk, this.start, this.end, this.maskingKey);
      this.maskingKey = 0;
    }
  }

  /** @internal */
  requireValid(): void {
    if (this.end < 0) {
      throw new Error('A fragment is valid only during the callback that it is given to. Copy its data to keep it.');
    }
  }

  /** @internal Lets go of the read buffer. */
  release(): void {
    this.chunk = NO_BYTES;
    this.view = undefined;
    this.start = 0;
    this.end = -1;
  }
}
