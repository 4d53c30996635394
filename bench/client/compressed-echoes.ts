import { constants, inflateRawSync } from 'node:zlib';
import { check, EchoError } from './frame-reader.js';

/** What RFC 7692, 7.2.2 has a receiver append. */
const SYNC_FLUSH_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/**
 * Compressed echoes of a ring's messages. No context is taken over, so the same bytes are always the same message: only
 * what a server has not sent before is inflated.
 */
export class CompressedEchoes {
  private readonly known: Buffer[] = [];

  /** @param messages all of them, one after the other, of the same length each */
  constructor(
    private readonly messages: Buffer,
    private readonly messageLength: number,
  ) {}

  /** @throws EchoError where this is another message, or none */
  check(message: number, compressed: Buffer): void {
    if (this.known[message]?.equals(compressed)) {
      return;
    }
    const start = message * this.messageLength;
    const expected = this.messages.subarray(start, start + this.messageLength);
    check(inflate(compressed, expected.length).equals(expected), 'other bytes than it was sent');
    this.known[message] = compressed;
  }
}

function inflate(compressed: Buffer, maxOutputLength: number): Buffer {
  try {
    return inflateRawSync(Buffer.concat([compressed, SYNC_FLUSH_TAIL]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength,
    });
  } catch (error) {
    throw new EchoError('The server sent a message that cannot be inflated.', { cause: error });
  }
}
