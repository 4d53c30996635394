/** How a backplane fares, since the start. */
export interface BackplaneStatus {
  /** Whether the other servers are reached. */
  readonly isUp: boolean;
  /** Messages that were published. */
  readonly published: number;
  /** Messages of other servers that came. */
  readonly received: number;
  /** Messages that could not be published. */
  readonly lost: number;
}

/** What joins the servers of a chat: what one publishes, the others hear. */
export interface Backplane {
  /** Undefined for a server that is alone. */
  readonly status: BackplaneStatus | undefined;

  /** Tells the other servers, never this one. It does not wait, and what cannot be told is lost. */
  publish(room: string, message: string): void;

  /**
   * Listens to what other servers publish for a room; one listener for each room.
   *
   * @returns what ends that
   */
  subscribe(room: string, listener: (message: string) => void): () => void;
}

/** The injection token of the `Backplane`. */
export const BACKPLANE = Symbol('Backplane');

/** For a server that is alone: its rooms are in its memory, and there is nobody else to tell. */
export class SingleServerBackplane implements Backplane {
  readonly status = undefined;

  publish(): void {}

  subscribe(): () => void {
    return () => {};
  }
}
