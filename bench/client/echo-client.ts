import type { Connect, Connection, ConnectionListener } from './connection.js';
import { EchoVerifier, type ControlFrames } from './echo-verifier.js';
import { check } from './frame-reader.js';
import { buildFrame, Opcode } from './frames.js';
import type { MessageRing } from './message-ring.js';
import { seededRandom } from './random-content.js';

const maskingKey = seededRandom(0xc105e);

/** The close code of RFC 6455, 7.4.1 for a purpose that is fulfilled. */
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** Sends the messages of a ring, one after the other and round and round, and verifies their echoes. */
export class EchoClient<Kind extends Connection = Connection> implements ConnectionListener, ControlFrames {
  /** How many messages were sent, and how many of them have come back right. */
  sent = 0;
  echoed = 0;
  /** Whether the server agreed to compression, which is offered where the ring is compressed. */
  isCompressed = false;
  /** Why the client can no longer be used. */
  failure: Error | undefined;
  /** Called after a read that completed messages. */
  onEchoes: (messages: number) => void = () => {};

  readonly connection: Kind;
  private readonly verifier: EchoVerifier;
  private next: number;
  /** Resolves what was promised last. */
  private settle: () => void = () => {};
  private isClosing = false;

  /** @param firstMessage where in the ring it begins: with different ones, a server that mixes up clients shows it */
  constructor(
    connect: Connect<Kind>,
    private readonly ring: MessageRing,
    firstMessage: number,
  ) {
    this.next = firstMessage % ring.count;
    this.verifier = new EchoVerifier(ring, this.next, this);
    this.connection = connect({ offersCompression: ring.isCompressed }, this);
  }

  /** Resolves when the handshake is done, or the client has failed. To be called at once. */
  opened(): Promise<void> {
    return this.settled();
  }

  send(messages: number): void {
    this.sent += messages;
    const { frames, frameOffsets, count } = this.ring;
    for (let left = messages; left > 0 && !this.failure;) {
      const batch = Math.min(left, count - this.next);
      this.connection.write(frames.subarray(frameOffsets[this.next], frameOffsets[this.next + batch]));
      this.next = (this.next + batch) % count;
      left -= batch;
    }
  }

  /** Resolves when all that was sent has come back, or the client has failed. */
  async allEchoed(): Promise<void> {
    if (!this.failure && this.echoed < this.sent) {
      await this.settled();
    }
  }

  /** Closes as RFC 6455 has it. Resolves when the server has answered, or the client has failed. */
  async close(): Promise<void> {
    if (!this.failure) {
      this.isClosing = true;
      this.connection.write(buildFrame(Opcode.close, NORMAL_CLOSURE, { maskingKey }));
      await this.settled();
    }
  }

  onOpen(isCompressed: boolean): void {
    this.isCompressed = isCompressed;
    this.settle();
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    const messages = this.verifier.receive(bytes, start, end);
    this.echoed += messages;
    check(this.echoed <= this.sent, 'more messages than it was sent');
    if (messages > 0) {
      this.onEchoes(messages);
      if (this.echoed === this.sent) {
        this.settle();
      }
    }
  }

  onPing(payload: Buffer): void {
    this.connection.write(buildFrame(Opcode.pong, payload, { maskingKey }));
  }

  onClose(payload: Buffer): void {
    check(this.isClosing, 'a close frame that was not asked for');
    check(payload.equals(NORMAL_CLOSURE), 'another close code than it was sent');
    this.connection.destroy();
    this.settle();
  }

  onFailure(error: Error): void {
    this.failure = error;
    this.settle();
  }

  private settled(): Promise<void> {
    return new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}
