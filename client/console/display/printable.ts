/**
 * A text as it may be shown on a terminal: what would move its cursor, colour it or turn the direction of writing around
 * is spelled out, because whoever sends it may mean harm. Tabs and line breaks stay.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
