import { PreparedMessage } from 'nest-raw-websockets';
import type { Backplane } from './backplane.js';
import type { RoomEvent, WelcomeEvent } from './chat-event.js';
import { nextId } from './chat-ids.js';
import type { Outbox } from './outbox.js';

/** Somebody in a room, on this server. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly outbox: Outbox;
}

/** A room as this server has it: its members here, and what they and the other servers are told. */
export class ChatRoom {
  private readonly members = new Set<Member>();
  private readonly unsubscribe: () => void;

  constructor(
    readonly name: string,
    private readonly backplane: Backplane,
    /** Up to how many members are told who joins and leaves: telling all about all costs the square. 0 for any number. */
    private readonly presenceLimit: number,
  ) {
    this.unsubscribe = backplane.subscribe(name, (event) => this.deliver(event));
  }

  /** How many are in it here. */
  get size(): number {
    return this.members.size;
  }

  join(member: Member): void {
    this.members.add(member);
    const { id, name } = member;
    const welcome: WelcomeEvent = { type: 'welcome', room: this.name, you: id, name, members: this.size };
    member.outbox.post(new PreparedMessage(JSON.stringify(welcome)));
    this.tellPresence('joined', member);
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.tellPresence('left', member);
  }

  say({ id: from, name }: Member, text: string): void {
    this.tell({ type: 'message', id: nextId(), from, name, text, at: new Date().toISOString() });
  }

  /** Hears no more of other servers. */
  close(): void {
    this.unsubscribe();
  }

  private tellPresence(type: 'joined' | 'left', { id: from, name }: Member): void {
    if (this.presenceLimit === 0 || this.size <= this.presenceLimit) {
      this.tell({ type, id: nextId(), from, name, members: this.size, at: new Date().toISOString() });
    }
  }

  private tell(event: RoomEvent): void {
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
