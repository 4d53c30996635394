import type { ConnectError } from '../connection/connect-error.js';

/** The end of a connection. */
export interface Closed {
  /** The status of the close frame; 1005 if it has no status, 1006 without a close frame (RFC 6455 section 7.4.1). */
  readonly code: number;
  readonly reason: string;
  /** Whether the client closed the connection. */
  readonly byClient: boolean;
  /** The error, if there was one. */
  readonly cause?: string;
  /** Why the client stopped waiting, if it closed without a request of the user. */
  readonly giveUpReason?: string;
  /** The number of messages without an echo. */
  readonly lost: number;
  /** How long the connection was open, in milliseconds. */
  readonly openFor: number;
}

/** The end of a session. */
export type Ending =
  | { readonly kind: 'closed'; readonly closed: Closed }
  | { readonly kind: 'not connected'; readonly error: ConnectError }
  | { readonly kind: 'interrupted' };

/** Whether the connection was closed with a close handshake, by the client or with a status that means success. */
export function isCleanClose({ code, byClient }: Closed): boolean {
  return code !== 1006 && (byClient || code === 1000 || code === 1005);
}

/** The end of a connection in one or two sentences. */
export function describeClosed({ code, reason, cause, giveUpReason, lost }: Closed): string {
  const status = code === 1005 ? 'no status' : `${code} ${reason}`.trimEnd();
  const how =
    code === 1006
      ? `The connection was lost: ${cause ?? 'it ended without a close frame'} (1006).`
      : `The connection was closed with ${[status, cause ?? giveUpReason].filter((part) => part !== undefined).join(': ')}.`;
  return lost > 0 ? `${how} ${describeLost(lost)}` : how;
}

/** The number of messages without an echo, in a sentence. */
export function describeLost(lost: number): string {
  return lost === 1 ? '1 message had no echo.' : `${lost} messages had no echo.`;
}
