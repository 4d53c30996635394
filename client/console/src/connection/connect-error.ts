import type { Handshake } from './handshake.js';

/** The connection could not be opened. The message is written for users: what is wrong, and what to do about it. */
export class ConnectError extends Error {
  override readonly name: string = 'ConnectError';

  /** @param isTransient whether the next attempt may succeed although nothing was changed */
  constructor(
    message: string,
    readonly isTransient: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The server, or a proxy, answered with a status that does not open the connection. */
export class RefusedError extends ConnectError {
  override readonly name = 'RefusedError';

  constructor(
    message: string,
    readonly handshake: Handshake,
    /** The beginning of the body, as text. */
    readonly body: string,
    /** The target of a redirect. */
    readonly location?: string,
  ) {
    const { status } = handshake.response;
    // Too Many Requests and server errors may be temporary; any other status means that the request is wrong.
    super(message, status === 429 || status >= 500);
  }

  /** The same error with another sentence in its message. */
  withReason(reason: string): RefusedError {
    return new RefusedError(`${this.message} ${reason}`, this.handshake, this.body, this.location);
  }
}
