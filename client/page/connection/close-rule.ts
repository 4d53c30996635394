/** The longest close reason in bytes: 125 bytes of a control frame, minus two for the code (RFC 6455, 5.5.1). */
const LONGEST_REASON = 123;

/** The arguments of `WebSocket.close`. */
export interface CloseArguments {
  /** Absent: the close frame has no code, and the peer reports 1005. */
  readonly code?: number;
  readonly reason?: string;
}

/** Parses the close code and reason from the input fields. A `problem` states the violated rule. */
export function readClose(codeText: string, reason: string): CloseArguments | { readonly problem: string } {
  const text = codeText.trim();
  if (text === '') {
    return reason === ''
      ? {}
      : { problem: 'A close reason needs a close code: enter 1000 or a code from 3000 to 4999, or delete the reason.' };
  }
  const code = Number(text);
  if (!/^\d+$/.test(text) || (code !== 1000 && (code < 3000 || code > 4999))) {
    return {
      problem:
        `"${text}" is not a close code that a page may send. Browsers allow 1000 and 3000 to 4999; ` +
        'the other codes belong to the protocol (RFC 6455, section 7.4).',
    };
  }
  const size = new TextEncoder().encode(reason).length;
  if (size > LONGEST_REASON) {
    return { problem: `The close reason has ${size} bytes of UTF-8. At most ${LONGEST_REASON} fit in a close frame.` };
  }
  return { code, reason };
}
