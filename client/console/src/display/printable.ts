/**
 * A text as it may be shown in a line on a terminal. What would move the cursor, begin another line, colour it or change
 * the direction of writing is spelled out, because its sender may mean harm. Tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]|[\p{Bidi_Control}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\n') return '\\n';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/**
 * A text of several lines as it may be shown on a terminal. Each line but the first begins with a bar, so that it cannot
 * be taken for one of the client's own.
 */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n| ');
}
