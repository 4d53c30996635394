import type { Connection, Connector, Receiver } from './connection.js';
import { openAll } from './echo-client.js';
import { buildFrame, check, FrameReader, Opcode, type FrameHeader, type FrameReceiver } from './frames.js';
import { seededRandom } from './message-ring.js';
import { Tally } from './tally.js';

/** The JSON events of the chat at `/background/:room` that a member checks. Others, as "joined", are ignored. */
type RoomEvent =
  | { readonly type: 'welcome'; readonly you: string }
  | { readonly type: 'message'; readonly from: string; readonly text: string };

const maskingKey = seededRandom(0xc105e);

/**
 * A chat room in which one member speaks and all members hear it, the speaker included. The next message is sent when all
 * members have heard one, so `inFlight` messages are on their way at most. The first copy of each message is parsed and
 * checked, and the copies of the other members are compared with it byte by byte.
 */
export class Room {
  /** Counts each message once per member. The latency is the time until the last member has heard it. */
  readonly tally = new Tally();
  speakerId = '';
  private members: Member[] = [];
  private said = 0;
  private limit = 0;
  /** Of the messages in flight, by their number modulo `inFlight`. */
  private readonly inFlight: { heard: number; saidAt: number; payload: Buffer | undefined }[];

  constructor(
    private readonly size: number,
    inFlight: number,
  ) {
    this.inFlight = Array.from({ length: inFlight }, () => ({ heard: 0, saidAt: 0, payload: undefined }));
  }

  /** Resolves when all members have joined and have heard a first message. */
  async join(connector: Connector, members: number): Promise<void> {
    this.members = await openAll(members, async () => {
      const member = new Member(this);
      await member.join(connector);
      return member;
    });
    this.speakerId = this.members[0].id;
    this.limit = 1;
    this.speak();
    await this.tally.until(() => this.tally.messages === members);
  }

  /** Speaks until `close`. */
  start(): void {
    this.limit = Infinity;
    for (let message = 0; message < this.inFlight.length; message++) {
      this.speak();
    }
  }

  async close(): Promise<void> {
    this.limit = this.said;
    await this.tally.until(() => this.tally.messages === this.said * this.members.length);
    this.members.forEach((member) => member.leave());
  }

  /** @returns whether `payload` was message `number`, and not another event */
  hear(member: Member, number: number, payload: Buffer): boolean {
    const message = this.inFlight[number % this.inFlight.length];
    if (!message.payload?.equals(payload)) {
      const event = JSON.parse(payload.toString()) as RoomEvent;
      if (event.type === 'welcome') {
        member.welcome(event.you);
      }
      if (event.type !== 'message') {
        return false;
      }
      check(event.text === this.textOf(number), 'another text than was said');
      check(event.from === this.speakerId, 'another sender than the speaker');
      check(message.payload === undefined, 'different copies of a message');
      message.payload = Buffer.from(payload);
    }
    if (++message.heard === this.members.length) {
      this.tally.latencies.add(performance.now() - message.saidAt);
      this.speak();
    }
    this.tally.count(1);
    return true;
  }

  private speak(): void {
    if (this.said < this.limit) {
      const slot = this.said % this.inFlight.length;
      this.inFlight[slot] = { heard: 0, saidAt: performance.now(), payload: undefined };
      this.members[0].say(this.textOf(this.said++));
    }
  }

  private textOf(number: number): string {
    return String(number).padStart(this.size, '.');
  }
}

class Member implements Receiver, FrameReceiver {
  id = '';
  private connection!: Connection;
  private readonly frames = new FrameReader(this);
  private pieces: Buffer[] = [];
  private heard = 0;
  private hasLeft = false;
  private isWelcome!: () => void;

  constructor(private readonly room: Room) {}

  async join(connector: Connector): Promise<void> {
    const welcomed = new Promise<void>((resolve) => (this.isWelcome = resolve));
    this.connection = await connector.open(false, this);
    await welcomed;
  }

  welcome(id: string): void {
    this.id = id;
    this.isWelcome();
  }

  say(text: string): void {
    this.connection.write(buildFrame(Opcode.text, Buffer.from(text), { maskingKey }));
  }

  leave(): void {
    this.hasLeft = true;
    this.connection.destroy();
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      at = this.frames.read(bytes, at, end);
    }
  }

  beginFrame({ opcode, isFinal, isCompressed }: FrameHeader): void {
    check(opcode === Opcode.text && isFinal && !isCompressed, 'a frame that is not a whole text');
  }

  takePayload(bytes: Buffer, start: number, end: number): void {
    this.pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  endFrame(): void {
    const payload = this.pieces.length === 1 ? this.pieces[0] : Buffer.concat(this.pieces);
    this.pieces = [];
    if (this.room.hear(this, this.heard, payload)) {
      this.heard++;
    }
  }

  onEnd(error?: Error): void {
    if (!this.hasLeft) {
      this.room.tally.fail(error ?? new Error('The server closed the connection.'));
    }
  }
}
