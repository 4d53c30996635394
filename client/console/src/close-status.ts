/** The status and the reason of a close frame (RFC 6455 section 5.5.1). */
export interface CloseStatus {
  readonly code: number;
  readonly reason: string;
}

/** The status with which the client closes by default. */
export const DEFAULT_CLOSE_STATUS: CloseStatus = { code: 1000, reason: 'Status' };

/** The codes that RFC 6455 sections 7.4.1 and 7.4.2 allow in a close frame. */
const ACCEPTED_CODES = '1000 to 1003, 1007 to 1014 or 3000 to 4999';

/** The longest reason that fits into a close frame, in bytes (RFC 6455 section 5.5). */
const LONGEST_REASON = 123;

/** A sentence that says why a code may not be sent in a close frame; undefined if it may. */
export function mistakeInCode(text: string): string | undefined {
  const code = /^\d{4}$/.test(text) ? Number(text) : 0;
  const isAccepted = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return isAccepted ? undefined : `"${text}" is not a valid close status; accepted: ${ACCEPTED_CODES}.`;
}

/** A sentence that says why a reason does not fit into a close frame; undefined if it does. */
export function mistakeInReason(reason: string): string | undefined {
  const length = Buffer.byteLength(reason);
  return length > LONGEST_REASON ? `The reason has ${length} bytes; accepted: at most ${LONGEST_REASON}.` : undefined;
}
