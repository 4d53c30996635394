import type { LogEntry } from '../log/log-entry.js';
import { toBase64 } from './base64.js';

/** The log as NDJSON: one JSON object in each line. Binary data is in Base64, which `encoding` states. */
export function* toNdjson(entries: Iterable<LogEntry>): Iterable<string> {
  for (const entry of entries) {
    yield `${JSON.stringify(recordOf(entry))}\n`;
  }
}

function recordOf(entry: LogEntry): Record<string, unknown> {
  const time = new Date(entry.time).toISOString();
  if (entry.kind !== 'message') {
    return { time, kind: entry.kind, text: entry.text, note: entry.note };
  }
  const { from, data, size, roundTrip, difference } = entry;
  const isText = typeof data === 'string';
  return {
    time,
    kind: 'message',
    from,
    to: from === 'Client' ? 'Server' : 'Client',
    type: isText ? 'text' : 'binary',
    size,
    roundTripMs: roundTrip,
    difference,
    encoding: isText ? undefined : 'base64',
    data: isText ? data : toBase64(data),
  };
}
