import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';

/** What a sender takes off the end of each message (RFC 7692 section 7.2.1). */
export const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const LARGEST_WINDOW = 32768;
const flushed = { finishFlush: constants.Z_SYNC_FLUSH } as const;

/** The payload of a compressed message that refers to none before it. */
export function deflated(message: string | Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(message, { ...flushed, ...options }).subarray(0, -TAIL.length);
}

/** What was agreed on for the messages of one side (RFC 7692 section 7.1). */
export interface WindowAgreement {
  /** The base-2 logarithm of the window's size. Default 15. */
  readonly bits?: number;
  /** Whether the window goes on from message to message. Default true. */
  readonly takesOver?: boolean;
}

/** The LZ77 window of one side: what its messages may refer to. Either deflates what that side sends, or inflates it. */
export class DeflateWindow {
  private readonly bits: number;
  private readonly takesOver: boolean;
  private before = Buffer.alloc(0);

  constructor({ bits = 15, takesOver = true }: WindowAgreement = {}) {
    this.bits = bits;
    this.takesOver = takesOver;
  }

  /** The payload of the next message. */
  deflate(message: string | Uint8Array, options: ZlibOptions = {}): Buffer {
    const bytes = Buffer.from(message as string);
    const payload = deflated(bytes, { windowBits: this.bits, dictionary: this.before, ...options });
    this.remember(bytes);
    return payload;
  }

  /** The next message. Fails when it is no deflated data, or refers to more than is in the window. */
  inflate(payload: Uint8Array): Buffer {
    const message = inflateRawSync(Buffer.concat([payload, TAIL]), {
      ...flushed,
      windowBits: this.bits,
      dictionary: this.before,
      // In what it puts out at once zlib lets references go further back than the window.
      ...(this.bits < 15 ? { chunkSize: constants.Z_MIN_CHUNK } : {}),
    });
    this.remember(message);
    return message;
  }

  private remember(message: Buffer): void {
    if (this.takesOver) {
      this.before = Buffer.concat([this.before, message]).subarray(-LARGEST_WINDOW);
    }
  }
}
