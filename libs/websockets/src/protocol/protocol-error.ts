import { WebSocketCloseStatus } from './close-status.js';

/** A peer broke the protocol: how, and the status that it is told (RFC 6455 section 7.1.7). */
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
