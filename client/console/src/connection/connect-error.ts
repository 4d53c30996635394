import type { Handshake } from './handshake.js';

/** Why no connection came about. The message is for people: what is wrong, and what to do about it. */
export class ConnectError extends Error {
  override readonly name: string = 'ConnectError';

  /** @param isPassing whether it may go well at the next attempt, with nothing changed */
  constructor(
    message: string,
    readonly isPassing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An answer that is no WebSocket: of the server, or of the proxy on the way to it. */
export class Refusal extends ConnectError {
  override readonly name = 'Refusal';

  constructor(
    message: string,
    readonly handshake: Handshake,
    /** As text, and not all of a long one. */
    readonly body: string,
    /** Where the server redirects to. */
    readonly location?: string,
  ) {
    const { status } = handshake.response;
    // Too Many Requests, and what is the server's own fault; another status says that the request is wrong.
    super(message, status === 429 || status >= 500);
  }

  /** The same refusal with another sentence in its message. */
  because(reason: string): Refusal {
    return new Refusal(`${this.message} ${reason}`, this.handshake, this.body, this.location);
  }
}
