import type { LogEntry, Party } from './log-entry.js';
import { hexOf } from './hex.js';

/** At most this many bytes of a binary message are searched, as text and as hexadecimal. */
const SEARCHED_BYTES = 65_536;

/** The filter settings of the user. */
export interface FilterSettings {
  /** A regular expression, case-insensitive. Empty: everything. */
  readonly pattern: string;
  readonly from: '' | Party;
  readonly kind: '' | 'text' | 'binary' | 'notice';
}

export type Filter = (entry: LogEntry) => boolean;

/** Creates a filter; `undefined` if everything matches, or a `problem` if the pattern is not a regular expression. */
export function createFilter(settings: FilterSettings): Filter | undefined | { readonly problem: string } {
  const { pattern, from, kind } = settings;
  if (pattern === '' && from === '' && kind === '') {
    return undefined;
  }
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'iu');
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  return (entry) =>
    (from === '' || (entry.kind === 'message' && entry.from === from)) &&
    (kind === '' || kindOf(entry) === kind) &&
    (pattern === '' || textsOf(entry).some((text) => expression.test(text)));
}

function kindOf(entry: LogEntry): FilterSettings['kind'] {
  if (entry.kind !== 'message') {
    return 'notice';
  }
  return typeof entry.data === 'string' ? 'text' : 'binary';
}

function textsOf(entry: LogEntry): string[] {
  if (entry.kind !== 'message') {
    return [entry.text, entry.note ?? ''];
  }
  if (typeof entry.data === 'string') {
    return [entry.data];
  }
  const bytes = new Uint8Array(entry.data, 0, Math.min(entry.data.byteLength, SEARCHED_BYTES));
  return [hexOf(bytes), new TextDecoder().decode(bytes)];
}
