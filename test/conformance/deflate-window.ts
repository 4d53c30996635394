import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';

/** The four bytes that a sender removes from the end of each message (RFC 7692 section 7.2.1). */
export const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const LARGEST_WINDOW = 32768;
const flushed = { finishFlush: constants.Z_SYNC_FLUSH } as const;

/** The payload of a compressed message that refers to no earlier message. */
export function deflated(message: string | Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(message, { ...flushed, ...options }).subarray(0, -TAIL.length);
}

/** The negotiated parameters for the messages of one side (RFC 7692 section 7.1). */
export interface WindowAgreement {
  /** The base-2 logarithm of the window size. Default 15. */
  readonly bits?: number;
  /** Whether the window carries over from message to message. Default true. */
  readonly takesOver?: boolean;
}

/** The LZ77 window of one side, which limits the references in its messages. Deflates or inflates those messages. */
export class DeflateWindow {
  private readonly bits: number;
  private readonly takesOver: boolean;
  private before = Buffer.alloc(0);

  constructor({ bits = 15, takesOver = true }: WindowAgreement = {}) {
    this.bits = bits;
    this.takesOver = takesOver;
  }

  /** Deflates a message, and returns its payload. */
  deflate(message: string | Uint8Array, options: ZlibOptions = {}): Buffer {
    const bytes = Buffer.from(message as string);
    const payload = deflated(bytes, { windowBits: this.bits, dictionary: this.before, ...options });
    this.remember(bytes);
    return payload;
  }

  /** Inflates a payload. Fails for invalid deflated data and for a reference beyond the window. */
  inflate(payload: Uint8Array): Buffer {
    const message = inflateRawSync(Buffer.concat([payload, TAIL]), {
      ...flushed,
      windowBits: this.bits,
      dictionary: this.before,
      // zlib allows references beyond the window within one output chunk.
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
