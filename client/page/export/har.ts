import type { LogEntry, MessageEntry, OpenedConnection } from '../log/log-entry.js';
import { sizeOf } from '../log/log-entry.js';
import { fromBase64, toBase64 } from './base64.js';

/**
 * One message in the format of Chrome's developer tools. `time` is in seconds since 1970; binary data is in Base64. Chrome also
 * has the type `error`, whose `data` is the text of an error.
 */
interface HarMessage {
  readonly type: 'send' | 'receive' | 'error';
  readonly time: number;
  readonly opcode: number;
  readonly data: string;
}

/** One connection in the format of Chrome's developer tools, as far as a page has the data. */
interface HarEntry {
  readonly startedDateTime: string;
  readonly time: number;
  readonly request: { readonly url: string };
  readonly _webSocketMessages: readonly HarMessage[];
}

const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;

/** The maximum number of messages from an imported file: the capacity of a log. */
const MOST_IMPORTED = 100_000;

/** The latest time that a `Date` can have, in seconds since 1970. */
const LATEST = 8.64e12;

/**
 * The log as a HAR 1.2 file with `_webSocketMessages`, like an export of Chrome's network panel: one entry for each
 * connection. A page does not know the headers of the handshake, so they are empty.
 *
 * @param url - the URL of messages whose opening was dropped from the log
 */
export function toHar(entries: Iterable<LogEntry>, url: string): string {
  const connections: { opened: OpenedConnection; start: number; end: number; messages: HarMessage[] }[] = [];
  for (const entry of entries) {
    if (entry.kind === 'message') {
      if (connections.length === 0) {
        connections.push({
          opened: { url, subprotocol: '', milliseconds: 0 },
          start: entry.time,
          end: entry.time,
          messages: [],
        });
      }
      const connection = connections.at(-1);
      connection?.messages.push(messageOf(entry));
      if (connection) {
        connection.end = entry.time;
      }
    } else if (entry.opened) {
      const start = entry.time - entry.opened.milliseconds;
      connections.push({ opened: entry.opened, start, end: entry.time, messages: [] });
    }
  }
  return JSON.stringify(
    {
      log: {
        version: '1.2',
        creator: { name: 'nest-ws-echo', version: '1' },
        pages: [],
        entries: connections.map(({ opened, start, end, messages }) => ({
          _connectionId: null,
          _initiator: { type: 'other' },
          _priority: 'Highest',
          _resourceType: 'websocket',
          _webSocketMessages: messages,
          cache: {},
          request: {
            method: 'GET',
            url: opened.url,
            httpVersion: 'HTTP/1.1',
            headers: opened.subprotocol === '' ? [] : [{ name: 'Sec-WebSocket-Protocol', value: opened.subprotocol }],
            queryString: queryOf(opened.url),
            cookies: [],
            headersSize: -1,
            bodySize: 0,
          },
          response: {
            status: 101,
            statusText: 'Switching Protocols',
            httpVersion: 'HTTP/1.1',
            headers: opened.subprotocol === '' ? [] : [{ name: 'Sec-WebSocket-Protocol', value: opened.subprotocol }],
            cookies: [],
            content: { size: 0, mimeType: 'x-unknown' },
            redirectURL: '',
            headersSize: -1,
            bodySize: -1,
            _transferSize: 0,
            _error: null,
          },
          serverIPAddress: '',
          startedDateTime: new Date(start).toISOString(),
          time: end - start,
          timings: { blocked: -1, dns: -1, ssl: -1, connect: -1, send: 0, wait: opened.milliseconds, receive: 0 },
        })),
      },
    },
    undefined,
    2,
  );
}

/**
 * Reads the WebSocket messages of a HAR file.
 *
 * @returns the entries of the log, or in `problem` the reason why they cannot be read
 */
export function fromHar(text: string): { readonly entries: readonly LogEntry[] } | { readonly problem: string } {
  let har: { log?: { entries?: unknown } } | null;
  try {
    har = JSON.parse(text) as typeof har;
  } catch (error) {
    return { problem: `The file is not JSON, so it is not a HAR file. ${error instanceof Error ? error.message : ''}` };
  }
  const all = har?.log?.entries;
  if (!Array.isArray(all)) {
    return { problem: 'The file has no log.entries, so it is not a HAR file.' };
  }
  const entries: LogEntry[] = [];
  for (const connection of all.filter(isHarEntry)) {
    const start = Date.parse(connection.startedDateTime);
    const { url } = connection.request;
    entries.push({
      kind: 'notice',
      time: Number.isNaN(start) ? 0 : start,
      text: 'Connection opened',
      note: url,
      opened: { url, subprotocol: '', milliseconds: 0 },
    });
    for (const message of connection['_webSocketMessages']) {
      const entry = entryOf(message);
      if (entry && entries.length < MOST_IMPORTED) {
        entries.push(entry);
      }
    }
  }
  return entries.length === 0
    ? { problem: 'The file has no WebSocket messages. Export it from the network panel while a WebSocket is recorded.' }
    : { entries };
}

function messageOf({ from, time, data }: MessageEntry): HarMessage {
  const type = from === 'Client' ? 'send' : 'receive';
  return typeof data === 'string'
    ? { type, time: time / 1_000, opcode: OPCODE_TEXT, data }
    : { type, time: time / 1_000, opcode: OPCODE_BINARY, data: toBase64(data) };
}

function entryOf(message: Partial<HarMessage> | null): LogEntry | undefined {
  const { type, time, opcode, data: text } = message ?? {};
  if (
    (type !== 'send' && type !== 'receive' && type !== 'error') ||
    typeof time !== 'number' ||
    !(Math.abs(time) <= LATEST) ||
    typeof text !== 'string'
  ) {
    return undefined;
  }
  if (type === 'error') {
    return { kind: 'problem', time: time * 1_000, text };
  }
  // Chrome also records undecodable messages; the page shows the text in the file.
  const data = opcode === OPCODE_BINARY ? (fromBase64(text) ?? text) : text;
  return { kind: 'message', from: type === 'send' ? 'Client' : 'Server', time: time * 1_000, data, size: sizeOf(data) };
}

function isHarEntry(value: unknown): value is HarEntry {
  const entry = (value ?? {}) as Partial<HarEntry>;
  return (
    Array.isArray(entry['_webSocketMessages']) &&
    typeof entry.request?.url === 'string' &&
    typeof entry.startedDateTime === 'string'
  );
}

/** The URL may be the content of an input field, or come from a file, so it may be invalid. */
function queryOf(url: string): { name: string; value: string }[] {
  const { searchParams } = URL.canParse(url) ? new URL(url) : new URL('ws://unknown');
  return Array.from(searchParams, ([name, value]) => ({ name, value }));
}
