import type { LogEntry } from '../log/log-entry.js';
import { toBase64 } from './base64.js';

const COLUMNS = ['time', 'from', 'to', 'kind', 'size', 'round trip (ms)', 'difference', 'data'];

/**
 * The log as CSV (RFC 4180). Binary data is in Base64. A text that a spreadsheet would evaluate as a formula gets a
 * leading apostrophe, because a message must not run when its log is opened.
 */
export function* toCsv(entries: Iterable<LogEntry>): Iterable<string> {
  yield line(COLUMNS);
  for (const entry of entries) {
    yield line(cellsOf(entry));
  }
}

function cellsOf(entry: LogEntry): string[] {
  const time = new Date(entry.time).toISOString();
  if (entry.kind !== 'message') {
    return [time, '', '', entry.kind, '', '', '', [entry.text, entry.note].filter(Boolean).join(' ')];
  }
  const { from, data, size, roundTrip, difference = '' } = entry;
  const isText = typeof data === 'string';
  return [
    time,
    from,
    from === 'Client' ? 'Server' : 'Client',
    isText ? 'text' : 'binary',
    String(size),
    roundTrip?.toFixed(3) ?? '',
    difference,
    isText ? data : toBase64(data),
  ];
}

function line(cells: readonly string[]): string {
  return `${cells.map(quote).join(',')}\r\n`;
}

function quote(cell: string): string {
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
