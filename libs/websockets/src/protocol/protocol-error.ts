import { WebSocketCloseStatus } from './close-status.js';

/** What a peer did against the protocol, with the status that the connection is failed with (RFC 6455 section 7.1.7). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(
    message: string,
    /** The status of the close frame that answers it. */
    readonly closeStatus: number = WebSocketCloseStatus.protocolError,
  ) {
    super(message);
  }
}
