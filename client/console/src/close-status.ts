/** What a close frame says (RFC 6455 section 5.5.1). */
export interface CloseStatus {
  readonly code: number;
  readonly reason: string;
}

/** What the client says when all is done. */
export const FAREWELL: CloseStatus = { code: 1000, reason: 'Status' };

/** What RFC 6455 sections 7.4.1 and 7.4.2 let a client send. */
const ACCEPTED_CODES = '1000 to 1003, 1007 to 1014 or 3000 to 4999';

/** What the frame has room for beside the status (RFC 6455 section 5.5). */
const LONGEST_REASON = 123;

/** What is wrong with a status to close with, in a sentence; undefined for one that a client may send. */
export function mistakeInCode(text: string): string | undefined {
  const code = /^\d{4}$/.test(text) ? Number(text) : 0;
  const isAccepted = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return isAccepted ? undefined : `"${text}" is not a status to close with; accepted: ${ACCEPTED_CODES}.`;
}

/** What is wrong with a reason, in a sentence; undefined for one that a close frame has room for. */
export function mistakeInReason(reason: string): string | undefined {
  const length = Buffer.byteLength(reason);
  return length > LONGEST_REASON ? `The reason has ${length} bytes; accepted: at most ${LONGEST_REASON}.` : undefined;
}
