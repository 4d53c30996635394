import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, Connector, Receiver } from './connection.js';
import { buildFrame, check, Opcode, seededRandom, type MessageRing } from './messages.js';
import { EchoVerifier, type ControlFrames } from './verifier.js';

/** Latencies of this many messages are kept. */
const KEPT_LATENCIES = 2 ** 20;

/** Counts completed messages or handshakes, keeps their latencies, and holds the first error. */
export class Tally {
  messages = 0;
  private readonly latencies = new Float64Array(KEPT_LATENCIES);
  private latencyCount = 0;
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  count(messages: number): void {
    this.messages += messages;
    this.wake?.();
  }

  /** @param latency of one message, in ms */
  addLatency(latency: number): void {
    this.latencies[this.latencyCount++ % KEPT_LATENCIES] = latency;
  }

  forgetLatencies(): void {
    this.latencyCount = 0;
  }

  /** @returns for each share the latency in ms that this share of the messages does not exceed */
  percentiles(...shares: number[]): number[] {
    const sorted = this.latencies.subarray(0, this.latencyCount).toSorted();
    return shares.map((share) => sorted[Math.ceil(sorted.length * share) - 1]);
  }

  fail(error: Error): void {
    this.error ??= error;
    this.wake?.();
  }

  /** @throws the first error of the load */
  throwIfFailed(): void {
    if (this.error) {
      throw this.error;
    }
  }

  /**
   * Resolves at the next completed message, so that a measurement can begin and end with a whole message.
   *
   * @throws the first error of the load, or an error if no message is completed in time
   */
  async next(timeout = 60_000): Promise<void> {
    const late = setTimeout(() => this.fail(new Error(`The server sent nothing for ${timeout / 1000} s.`)), timeout);
    if (!this.error) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    this.wake = undefined;
    clearTimeout(late);
    this.throwIfFailed();
  }

  /** Resolves when `isDone` is true. @throws as `next` does */
  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await this.next();
    }
  }
}

const maskingKey = seededRandom(0xc105e);

/** Status 1000 (RFC 6455, section 7.4.1). */
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** Fewer than the backlog of a listening socket. */
const OPENED_AT_ONCE = 64;

/** Sends the messages of a ring again and again, and verifies their echoes. */
export class EchoClient implements Receiver, ControlFrames {
  connection!: Connection;
  sent = 0;
  echoed = 0;
  private readonly verifier: EchoVerifier;
  private next: number;
  /** When each message in flight was sent, in ms. Echoes come in order, so the oldest entry is used again. */
  private readonly sendTimes: Float64Array;
  private isSending = false;
  private isClosed = false;
  private onClosed: (() => void) | undefined;

  /**
   * @param tally counts the echoes
   * @param inFlight messages to keep in flight after `start`
   * @param first the index of the first message. With a different one per client, mixed-up clients are detected
   */
  constructor(
    private readonly ring: MessageRing,
    private readonly tally: Tally,
    inFlight: number,
    first: number,
  ) {
    this.next = first % ring.count;
    this.verifier = new EchoVerifier(ring, this.next, this);
    this.sendTimes = new Float64Array(inFlight);
  }

  async open(connector: Connector): Promise<void> {
    this.connection = await connector.open(this.ring.isCompressed, this);
  }

  /** Keeps messages in flight: it sends a message for each echo, until `stop`. */
  start(): void {
    this.sendTimes.fill(performance.now());
    this.isSending = true;
    this.send(this.sendTimes.length);
  }

  stop(): void {
    this.isSending = false;
  }

  send(messages: number): void {
    this.sent += messages;
    const { frames, frameOffsets, count } = this.ring;
    for (let left = messages; left > 0;) {
      const batch = Math.min(left, count - this.next);
      this.connection.write(frames.subarray(frameOffsets[this.next], frameOffsets[this.next + batch]));
      this.next = (this.next + batch) % count;
      left -= batch;
    }
  }

  /** Closes as in RFC 6455, section 7.1.1: the server ends the TCP connection after both close frames. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => (this.onClosed = resolve));
    this.connection.write(buildFrame(Opcode.close, NORMAL_CLOSURE, { maskingKey }));
    await closed;
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    const messages = this.verifier.receive(bytes, start, end);
    if (messages === 0) {
      return;
    }
    if (this.isSending) {
      const now = performance.now();
      for (let message = this.echoed; message < this.echoed + messages; message++) {
        const slot = message % this.sendTimes.length;
        this.tally.addLatency(now - this.sendTimes[slot]);
        this.sendTimes[slot] = now;
      }
    }
    this.echoed += messages;
    check(this.echoed <= this.sent, 'more messages than it received');
    if (this.isSending) {
      this.send(messages);
    }
    this.tally.count(messages);
  }

  onPing(payload: Buffer): void {
    this.connection.write(buildFrame(Opcode.pong, payload, { maskingKey }));
  }

  onClose(payload: Buffer): void {
    check(this.onClosed !== undefined, 'an unexpected close frame');
    check(payload.equals(NORMAL_CLOSURE), 'another close status than it received');
    this.isClosed = true;
  }

  onEnd(error?: Error): void {
    if (!this.isClosed) {
      this.tally.fail(error ?? new Error('The server closed the connection.'));
    }
    this.onClosed?.();
  }
}

/** Opens `count` connections, some at a time. */
export async function openAll<Client>(count: number, open: (index: number) => Promise<Client>): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const length = Math.min(OPENED_AT_ONCE, count - clients.length);
    const batch = Array.from({ length }, (_, index) => open(clients.length + index));
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

/** Waits for the echoes in flight, and closes all connections. */
export async function closeAll(clients: readonly EchoClient[], tally: Tally): Promise<void> {
  clients.forEach((client) => client.stop());
  await tally.until(() => clients.every(({ sent, echoed }) => sent === echoed));
  const closed = Promise.all(clients.map((client) => client.close()));
  await Promise.race([closed, delay(5000, undefined, { ref: false })]);
  clients.forEach(({ connection }) => connection.stream.destroy());
}
