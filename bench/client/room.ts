import { setTimeout as delay } from 'node:timers/promises';
import { openAll, type Outcome } from './clients.js';
import type { Connect } from './connection.js';
import type { Http1Connection } from './http1-connection.js';
import { Latencies, type LatencySummary } from './latencies.js';
import { RoomMember, type RoomListener } from './room-member.js';
import { RoomMessages } from './room-messages.js';

/** How long all messages may take, in ms. */
const TIMEOUT = 90_000;

/**
 * A room in which one member speaks and all hear it, the speaker too. When all have heard a message, the next one is
 * said, so no more than some are ever on their way.
 */
export class Room implements RoomListener {
  readonly messages: RoomMessages;
  /** How many messages were heard; each counts once for every member. */
  deliveries = 0;
  private members: RoomMember[] = [];
  private said = 0;
  private heardByAll = 0;
  /** So many messages are to be said. */
  private wanted = 0;
  /** How many have heard a message, and when it was said: by its number, of those that are on their way. */
  private readonly heard: number[];
  private readonly saidAt: number[];
  private latencies = new Latencies();
  private readonly faults: string[] = [];
  private settle: () => void = () => {};

  /**
   * @param size of a message, in bytes
   * @param inFlight how many messages are on their way at most
   */
  constructor(
    private readonly connect: Connect<Http1Connection>,
    size: number,
    private readonly inFlight: number,
  ) {
    this.messages = new RoomMessages(size, inFlight);
    this.heard = Array.from({ length: inFlight }, () => 0);
    this.saidAt = Array.from({ length: inFlight }, () => 0);
  }

  get speaker(): string {
    return this.members[0].id;
  }

  /**
   * Lets members in, and has each hear a message: what they are told of each other comes before it.
   *
   * @throws what made one of them fail
   */
  async join(members: number): Promise<void> {
    this.members = await openAll(members, () => new RoomMember(this.connect, this));
    this.speak(1);
    await this.allHeard();
  }

  /** Has the last ones no longer read what they are told. */
  makeStuck(members: number): void {
    this.members.splice(-members).forEach((member) => member.stopReading());
  }

  /** Says messages, and goes on with it while they are heard. */
  speak(messages: number): void {
    this.wanted = this.said + messages;
    this.sayMore();
  }

  /** Says no more. */
  hush(): void {
    this.wanted = this.said;
  }

  /** Waits until all have heard all that was said, or one has failed, or for too long. */
  async allHeard(): Promise<void> {
    if (this.isSilent) {
      return;
    }
    const settled = new Promise<void>((resolve) => {
      this.settle = resolve;
    });
    await Promise.race([settled, delay(TIMEOUT, undefined, { ref: false })]);
  }

  /** How long it took until all had heard a message, since the last time this was asked. */
  takeLatency(): LatencySummary {
    const summary = this.latencies.summary();
    this.latencies = new Latencies();
    return summary;
  }

  outcome(): Outcome {
    const faults = this.isSilent ? this.faults : [...this.faults, 'A message was not heard by all.'];
    return { failures: faults.length, firstFailure: faults.at(0) };
  }

  onHeard(number: number): void {
    this.deliveries++;
    const slot = number % this.inFlight;
    this.heard[slot]++;
    if (this.heard[slot] === this.members.length) {
      this.heard[slot] = 0;
      this.heardByAll++;
      this.latencies.add(performance.now() - this.saidAt[slot], 1);
      this.sayMore();
    }
  }

  onLost(error: Error): void {
    this.faults.push(error.message);
    this.settle();
  }

  private get isSilent(): boolean {
    return this.heardByAll === this.wanted || this.faults.length > 0;
  }

  private sayMore(): void {
    while (this.said < this.wanted && this.said - this.heardByAll < this.inFlight) {
      this.saidAt[this.said % this.inFlight] = performance.now();
      this.members[0].say(this.messages.text(this.said));
      this.said++;
    }
    if (this.isSilent) {
      this.settle();
    }
  }
}
