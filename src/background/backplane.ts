/** The state of a backplane, and its counts since the start. */
export interface BackplaneStatus {
  /** Whether the other servers can be reached. */
  readonly isUp: boolean;
  /** Messages that were published. */
  readonly published: number;
  /** Messages that were received from other servers. */
  readonly received: number;
  /** Messages that could not be published. */
  readonly lost: number;
}

/** Connects the servers of a chat, or the processes of one server: what one publishes, the others receive. */
export interface Backplane {
  /** Undefined for a single server. */
  readonly status: BackplaneStatus | undefined;

  /** Sends a message to the other servers, never to this one. It does not wait: a message that cannot be sent is lost. */
  publish(room: string, message: string): void;

  /**
   * Receives what other servers publish for a room. A room has one listener.
   *
   * @returns a function that ends the subscription
   */
  subscribe(room: string, listener: (message: string) => void): () => void;
}

/** The injection token of the `Backplane`. */
export const BACKPLANE = Symbol('Backplane');

/** For a single server, which has no other servers to send messages to. */
export class SingleServerBackplane implements Backplane {
  readonly status = undefined;

  publish(): void {}

  subscribe(): () => void {
    return () => {};
  }
}
