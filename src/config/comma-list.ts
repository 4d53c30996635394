/** The entries of a list that is separated by commas; spaces around them do not count, nor do empty entries. */
export function parseCommaList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
