import { randomBytes } from 'node:crypto';
import { PreparedMessage } from 'nest-raw-websockets';
import type { Backplane } from './backplane.js';
import type { Outbox } from './outbox.js';

/** The first event that a client receives: its room, and its identity there. */
export interface WelcomeEvent {
  readonly type: 'welcome';
  readonly room: string;
  /** The id of the client, which is the `from` of its messages. */
  readonly you: string;
  readonly name: string;
  /** How many members the room has on this server, including the client. */
  readonly members: number;
}

/** An event in a room. Every member receives it, also the one that caused it. */
export interface RoomEvent {
  readonly type: 'joined' | 'left' | 'message';
  /** Unique among the events of all servers. */
  readonly id: string;
  /** The id of the member that caused it. */
  readonly from: string;
  /** The name of that member. */
  readonly name: string;
  /** The text of a `message`. */
  readonly text?: string;
  /** After a `joined` or `left`: how many members the room has on the server of that member. */
  readonly members?: number;
  /** The time in ISO 8601, by the clock of that server. */
  readonly at: string;
}

const serverId = randomBytes(4).toString('hex');
let latestId = 0;

/** An id that is unique among all servers. */
export function nextId(): string {
  return `${serverId}-${++latestId}`;
}

/** A member of a room, connected to this server. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly outbox: Outbox;
}

/** The part of a room on this server: its members here. Its events go to them and to the other servers. */
export class ChatRoom {
  private readonly members = new Set<Member>();
  private readonly unsubscribe: () => void;

  constructor(
    readonly name: string,
    private readonly backplane: Backplane,
    /**
     * The largest size in which joins and leaves are announced; 0 for any size. Their cost grows with the square of the
     * size.
     */
    private readonly presenceLimit: number,
  ) {
    this.unsubscribe = backplane.subscribe(name, (event) => this.deliver(event));
  }

  /** How many members are connected to this server. */
  get size(): number {
    return this.members.size;
  }

  join(member: Member): void {
    this.members.add(member);
    const { id, name } = member;
    const welcome: WelcomeEvent = { type: 'welcome', room: this.name, you: id, name, members: this.size };
    member.outbox.post(new PreparedMessage(JSON.stringify(welcome)));
    this.announcePresence('joined', member);
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.announcePresence('left', member);
  }

  say({ id: from, name }: Member, text: string): void {
    this.publish({ type: 'message', id: nextId(), from, name, text, at: new Date().toISOString() });
  }

  /** Receives no more events of other servers. */
  close(): void {
    this.unsubscribe();
  }

  private announcePresence(type: 'joined' | 'left', { id: from, name }: Member): void {
    if (this.presenceLimit === 0 || this.size <= this.presenceLimit) {
      this.publish({ type, id: nextId(), from, name, members: this.size, at: new Date().toISOString() });
    }
  }

  private publish(event: RoomEvent): void {
    const text = JSON.stringify(event);
    this.deliver(text);
    this.backplane.publish(this.name, text);
  }

  private deliver(event: string): void {
    const message = new PreparedMessage(event);
    for (const { outbox } of this.members) {
      outbox.post(message);
    }
  }
}
