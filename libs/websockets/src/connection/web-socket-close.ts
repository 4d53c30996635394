import { MAX_CLOSE_DESCRIPTION_BYTES, maySendCloseStatus } from '../protocol/close-status.js';
import { WebSocketError } from './web-socket-error.js';

/**
 * Where a connection is in its life, as in ASP.NET Core's `WebSocketState`: `closeSent` and `closeReceived` are halves
 * of the close handshake, `closed` is after both or after a protocol error, `aborted` after a loss, a time-out or `abort`.
 */
export type WebSocketState = 'open' | 'closeSent' | 'closeReceived' | 'closed' | 'aborted';

/** The peer's close frame. */
export interface WebSocketCloseResult {
  /** Its status; undefined when the frame had none (RFC 6455 section 7.1.5 calls that 1005). */
  readonly status: number | undefined;
  /** Its reason; may be empty. */
  readonly description: string;
}

/** How a connection ended. */
export interface WebSocketClosed extends WebSocketCloseResult {
  /**
   * - `peer`: the peer sent the first close frame; `status` and `description` are its own
   * - `server`: this side did; they are this side's
   * - `protocolError`: the peer broke the protocol and was told `status`
   * - `timeout`: the peer did not answer in time
   * - `aborted`: `abort()` was called
   * - `transportLost`: the bytes ended without a close frame
   *
   * In the last three cases the status is 1006.
   */
  readonly reason: 'peer' | 'server' | 'protocolError' | 'timeout' | 'aborted' | 'transportLost';
  /** What the operating system said, where it said something. */
  readonly error?: Error;
}

/** The status that a connection has which ended without a close frame (RFC 6455 section 7.1.5). */
export const ABNORMAL_CLOSURE = 1006;

/** How long a peer that has been told all has to end its half of the connection, in ms. A shutdown waits for it. */
export const LINGER = 1000;

/** @throws WebSocketError `WS_INVALID_CLOSE` when no close frame may have this status or description. */
export function checkClose(status: number | undefined, description: string): void {
  if (status === undefined) {
    if (description !== '') {
      throw new WebSocketError(
        'WS_INVALID_CLOSE',
        `close() was given the description ${JSON.stringify(description)} without a status; it needs one.`,
      );
    }
    return;
  }
  if (!maySendCloseStatus(status)) {
    throw new WebSocketError(
      'WS_INVALID_CLOSE',
      `close() was given the status ${status}; 1000 to 1003, 1007 to 1014 and 3000 to 4999 may be sent.`,
    );
  }
  const bytes = Buffer.byteLength(description);
  if (bytes > MAX_CLOSE_DESCRIPTION_BYTES) {
    throw new WebSocketError(
      'WS_INVALID_CLOSE',
      `close() was given a description of ${bytes} bytes; at most ${MAX_CLOSE_DESCRIPTION_BYTES} fit.`,
    );
  }
}

/** The payload of a close frame (RFC 6455 section 5.5.1). */
export function closePayload(status: number | undefined, description: string): Buffer {
  const payload = Buffer.allocUnsafe(status === undefined ? 0 : 2 + Buffer.byteLength(description));
  if (status !== undefined) {
    payload.writeUInt16BE(status, 0);
    payload.write(description, 2);
  }
  return payload;
}
