/*
 * What a room tells its members, as JSON text: the format of the chat at `/background/:room`. What is said comes back to
 * who said it, too.
 */

/** What a member is told first. */
export interface Welcome {
  readonly type: 'welcome';
  readonly room: string;
  /** The member's own id. */
  readonly you: string;
  readonly name: string;
  readonly members: number;
}

/** What somebody has said. */
export interface Said {
  readonly type: 'message';
  readonly id: string;
  /** The id of who said it, and the name. */
  readonly from: string;
  readonly name: string;
  readonly text: string;
  /** When, in ISO 8601. */
  readonly at: string;
}

/** Who came and who went: the benchmark's own server tells nobody. */
export interface Presence {
  readonly type: 'joined' | 'left';
}

export type RoomEvent = Welcome | Said | Presence;
