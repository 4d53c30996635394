import { Refusal, type ConnectError } from '../connection/connect-error.js';
import { headerValue } from '../connection/handshake.js';
import { retryAfter } from './reconnection.js';

/** How a connection ended. */
export interface Closed {
  /** The status of the close frame; 1005 for none, 1006 for no close frame (RFC 6455 section 7.4.1). */
  readonly code: number;
  readonly reason: string;
  /** Whether it was closed from here. */
  readonly byUs: boolean;
  /** What went wrong, where something did. */
  readonly cause?: string;
  /** Why the client did not wait any longer, where it closed without a word of the user. */
  readonly impatience?: string;
  /** How many messages had no echo. */
  readonly lost: number;
  /** How long it was open, in milliseconds. */
  readonly held: number;
}

/** How a session ended. */
export type Ending =
  | { readonly kind: 'closed'; readonly closed: Closed }
  | { readonly kind: 'not connected'; readonly error: ConnectError }
  | { readonly kind: 'interrupted' };

/** Another attempt to connect. */
export interface Reconnection {
  readonly reason: string;
  /** Milliseconds from now. */
  readonly delay: number;
  /** Counts from 1. */
  readonly attempt: number;
}

/** Why another connection should take the place of one that ended so; undefined when it should not. */
export function reasonToReconnect(ending: Ending): string | undefined {
  if (ending.kind === 'not connected') {
    return ending.error.isPassing ? ending.error.message : undefined;
  }
  return ending.kind === 'closed' && !isFarewell(ending.closed) ? describeClosed(ending.closed) : undefined;
}

/** Whether one side said that all is done, and the connection ended as it should. */
export function isFarewell({ code, byUs }: Closed): boolean {
  return code !== 1006 && (byUs || code === 1000 || code === 1005);
}

/** A connection's end in a sentence or two. */
export function describeClosed({ code, reason, cause, impatience, lost }: Closed): string {
  const status = code === 1005 ? 'no status' : `${code} ${reason}`.trimEnd();
  const how =
    code === 1006
      ? `The connection was lost: ${cause ?? 'it ended without a close frame'} (1006).`
      : `The connection was closed with ${[status, cause ?? impatience].filter((part) => part !== undefined).join(': ')}.`;
  return lost > 0 ? `${how} ${describeLost(lost)}` : how;
}

/** How many messages did not come back, in a sentence. */
export function describeLost(lost: number): string {
  return lost === 1 ? '1 message had no echo.' : `${lost} messages had no echo.`;
}

/** How long a server that refused wants to be left alone, in milliseconds. */
export function wishOfServer(ending: Ending): number {
  const refusal = ending.kind === 'not connected' && ending.error instanceof Refusal ? ending.error : undefined;
  return retryAfter(refusal && headerValue(refusal.handshake.response, 'retry-after'), Date.now());
}
