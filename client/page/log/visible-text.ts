/**
 * Characters that a reader would not see or that change how the text around them looks: controls, format characters such
 * as bidi overrides and zero-width spaces, line and paragraph separators, and lone surrogates. Tab, line feed and the
 * joiner inside an emoji are unchanged.
 */
const HIDDEN =
  /(?![\t\n]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A part of a text: unchanged, or the code point of one hidden character. */
export interface TextPart {
  readonly text: string;
  readonly isSpelledOut: boolean;
}

/**
 * Splits a text and replaces hidden characters: U+202E becomes `U+202E`, a zero byte `U+0000`.
 *
 * @param onOneLine - whether line feeds and tabs are replaced as well, by `↵` and `⇥`
 */
export function visibleParts(text: string, onOneLine = false): TextPart[] {
  const pattern = onOneLine ? new RegExp(`[\\n\\t]|${HIDDEN.source}`, 'gu') : HIDDEN;
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) {
      parts.push({ text: text.slice(end, match.index), isSpelledOut: false });
    }
    parts.push({ text: spell(match[0]), isSpelledOut: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) {
    parts.push({ text: text.slice(end), isSpelledOut: false });
  }
  return parts;
}

function spell(character: string): string {
  switch (character) {
    case '\n':
      return '↵';
    case '\t':
      return '⇥';
    default:
      return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  }
}
