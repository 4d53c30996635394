/**
 * A text that is safe to show in one line of a terminal. Characters that would move the cursor, start a new line, change
 * colours or the direction of writing are escaped, because the sender may be hostile. Tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]|[\p{Bidi_Control}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\n') {
      return '\\n';
    }
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/**
 * A text of several lines that is safe to show on a terminal. Each line except the first begins with a bar, so that it
 * cannot be mistaken for output of the client.
 */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n| ');
}
