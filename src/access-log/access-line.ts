import { ConsoleLogger } from '@nestjs/common';
import type { WebSocketClosed, WebSocketRefusalReason } from 'nest-raw-websockets';

/**
 * One line of the access log. The names are those of the JSON format, which docs/access-log.md promises to keep. A field
 * without a value is undefined, and is left out.
 */
export interface AccessEntry {
  readonly event: 'opened' | 'closed' | 'refused';
  /** The number of the connection; unique in its process. */
  readonly id?: number;
  readonly address: string;
  /** With its query, whose values are redacted. */
  readonly path: string;
  readonly protocol: 'h1' | 'h2';
  /** Such as `TLSv1.3`. */
  readonly tls?: string;
  readonly origin?: string;
  readonly subprotocol?: string;
  readonly userAgent?: string;
  /** In ms. */
  readonly duration?: number;
  readonly messagesReceived?: number;
  readonly bytesReceived?: number;
  readonly messagesSent?: number;
  readonly bytesSent?: number;
  readonly closedBy?: WebSocketClosed['by'];
  readonly closeCode?: number;
  readonly closeReason?: string;
  /** The status of the response to a handshake that was refused. */
  readonly status?: number;
  readonly reason?: WebSocketRefusalReason;
}

/** Makes lines, which end with a line break. */
export interface AccessLineFormat {
  line(entry: AccessEntry): string;
  /** The line that says how many lines were dropped. */
  dropped(lines: number): string;
}

/** How many characters of a value that a client chose are logged. */
const MAX_LENGTH = 256;
const REDACTED = '***';

/** The context of the lines, as Nest's loggers have one. */
const CONTEXT = 'Access';

/** The start of a value that a client chose; undefined for an empty one. */
export function bounded(value: string | undefined): string | undefined {
  if (!value) {
    return undefined;
  }
  return value.length > MAX_LENGTH ? `${value.slice(0, MAX_LENGTH)}…` : value;
}

/** A path as it is logged: the query keeps its names, and loses its values, because tokens are often there. */
export function redactedPath(path: string): string {
  // Cut first, so that a long path costs no more than a short one.
  const cut = bounded(path) ?? '';
  const queryStart = cut.search(/[?#]/);
  if (queryStart === -1) {
    return withoutPassword(cut);
  }
  const query = cut
    .slice(queryStart)
    .replaceAll(/(=|%3d)[^&#]+/gi, `$1${REDACTED}`)
    .replace(/#.+/s, `#${REDACTED}`);
  return withoutPassword(cut.slice(0, queryStart)) + query;
}

/** A request may have a whole URL in the place of its path (RFC 9112 section 3.2.2). */
function withoutPassword(path: string): string {
  return path.startsWith('/') ? path : path.replace(/\/\/[^/]*@/, `//${REDACTED}@`);
}

const NOT_ASCII = /[^ -~]/;
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A value as JSON of printable characters alone. What JSON leaves as it is, and what would yet control a terminal or the
 * direction of writing, is escaped: DEL, C1, marks of Unicode, line separators.
 */
function printableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!NOT_ASCII.test(json)) {
    return json;
  }
  return json.replaceAll(HIDDEN, (character) => {
    let escaped = '';
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}

/** One JSON object a line, with the fields that Nest's JSON has as well. */
export const jsonFormat: AccessLineFormat = {
  line: (entry) => jsonLine(`WebSocket ${entry.event}`, entry),
  dropped: (lines) => jsonLine(droppedText(lines), { event: 'dropped', lines }),
};

function jsonLine(message: string, fields: object): string {
  const { pid } = process;
  return `${printableJson({ level: 'log', pid, timestamp: Date.now(), message, context: CONTEXT, ...fields })}\n`;
}

/** Lines for people, which begin as those of Nest do. */
export class TextFormat extends ConsoleLogger implements AccessLineFormat {
  private prefixText = '';
  private prefixSecond = 0;

  constructor() {
    super({ colors: false });
  }

  line(entry: AccessEntry): string {
    const { event, id, address, protocol, tls, path, ...rest } = entry;
    const columns =
      `${event.padEnd(7)} ${(id === undefined ? '-' : `#${id}`).padEnd(6)} ${(address || '-').padEnd(15)} ` +
      `${protocol} ${(tls ?? '-').padEnd(7)} ${word(path)}`;
    return `${this.prefix()}${columns}${ending(rest)}\n`;
  }

  dropped(lines: number): string {
    return `${this.prefix()}${droppedText(lines)}\n`;
  }

  /** What Nest begins a line with. The time is formatted once a second, because that costs more than the rest of a line. */
  private prefix(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.prefixSecond) {
      this.prefixSecond = second;
      const level = 'LOG'.padStart(7);
      const line = this.formatMessage('log', '', this.formatPid(process.pid), level, this.formatContext(CONTEXT), '');
      this.prefixText = line.slice(0, -1);
    }
    return this.prefixText;
  }
}

/** The fields behind the columns, as `name=value`. */
function ending(fields: Omit<AccessEntry, 'event' | 'id' | 'address' | 'protocol' | 'tls' | 'path'>): string {
  let text = '';
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) {
      text += ` ${name}=${typeof value === 'string' ? word(value) : value}`;
    }
  };
  add('status', fields.status);
  add('reason', fields.reason);
  add('by', fields.closedBy);
  add('code', fields.closeCode);
  add('reason', fields.closeReason);
  if (fields.duration !== undefined) {
    text +=
      ` ${(fields.duration / 1000).toFixed(3)}s` +
      ` in=${fields.messagesReceived}/${fields.bytesReceived}B out=${fields.messagesSent}/${fields.bytesSent}B`;
  }
  add('origin', fields.origin);
  add('subprotocol', fields.subprotocol);
  add('agent', fields.userAgent);
  return text;
}

/** A value as one word: in quotation marks, and escaped, where it has other characters than a word has. */
function word(value: string): string {
  return /^[!#-[\]-~]+$/.test(value) ? value : printableJson(value);
}

function droppedText(lines: number): string {
  return `${lines} ${lines === 1 ? 'line' : 'lines'} of the access log dropped, because stdout did not keep up`;
}
