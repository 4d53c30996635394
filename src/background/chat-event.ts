/** What a client is told first: where it is and who it is there. */
export interface WelcomeEvent {
  readonly type: 'welcome';
  readonly room: string;
  /** The client's own id: the `from` of what it says. */
  readonly you: string;
  readonly name: string;
  /** How many are in the room on this server, the client included. */
  readonly members: number;
}

/** What happened in a room. All in the room are told, whoever did it too. */
export interface RoomEvent {
  readonly type: 'joined' | 'left' | 'message';
  /** No other event of any server has it. */
  readonly id: string;
  /** The id of the member who did it. */
  readonly from: string;
  /** The name that this member goes by. */
  readonly name: string;
  /** What was said; of a `message`. */
  readonly text?: string;
  /** How many are then in the room on the server of this member; of `joined` and `left`. */
  readonly members?: number;
  /** When, in ISO 8601 by the clock of that server. */
  readonly at: string;
}
