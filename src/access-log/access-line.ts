import { ConsoleLogger } from '@nestjs/common';
import type { WebSocketClosed, WebSocketRefusalReason } from 'nest-raw-websockets';

/*
 * The lines of the access log. The names of the fields are those of the JSON format, which docs/access-log.md promises to
 * keep. A field without a value is undefined, and is left out.
 */

/** What all lines of a handshake tell. */
export interface HandshakeFields {
  readonly address?: string;
  /** With its query, whose values are redacted. */
  readonly path: string;
  readonly protocol: 'h1' | 'h2';
  /** Such as `TLSv1.3`. */
  readonly tls?: string;
  readonly origin?: string;
  readonly subprotocol?: string;
}

/** What the line of a connection that has closed tells. */
export interface CloseFields {
  /** In ms. */
  readonly duration: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly closedBy: WebSocketClosed['by'];
  readonly closeCode: number;
  readonly closeReason?: string;
}

/** What the line of a handshake that was refused tells. */
export interface RefusalFields {
  /** The status of the response. */
  readonly status: number;
  readonly reason: WebSocketRefusalReason;
  readonly userAgent?: string;
}

/** Makes lines, which end with a line break. The id of a connection is unique in its process. */
export interface AccessLineFormat {
  /** The text that the lines of a handshake share. It is made once, because it takes longer than the rest of a line. */
  handshake(fields: HandshakeFields): string;
  opened(id: number, handshake: string, userAgent: string | undefined): string;
  closed(id: number, handshake: string, fields: CloseFields): string;
  refused(handshake: string, fields: RefusalFields): string;
  /** The line that says how many lines were dropped. */
  dropped(lines: number): string;
}

/**
 * How many characters of a value that a client chose are logged. An escaped character takes 6 bytes. A line has three
 * values that may need escapes, and a subprotocol, so it stays below the 4096 bytes that are written to a pipe as a whole.
 */
const MAX_LENGTH = 192;
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

/**
 * The start of a path. The query keeps its names and loses its values, because tokens are often there. A whole URL, or the
 * authority of CONNECT (RFC 9112 section 3.2), loses its user and password. Both come before the cut, which could remove
 * the character that tells a secret from other text.
 */
export function redactedPath(path: string): string {
  const queryStart = path.search(/[?#]/);
  const redacted =
    queryStart === -1
      ? path
      : path.slice(0, queryStart) +
        path
          .slice(queryStart)
          .replaceAll(/(=|%3d)[^&#]+/gi, `$1${REDACTED}`)
          .replace(/#.+/s, `#${REDACTED}`);
  const isPath = /^\/(?!\/)/.test(redacted);
  return bounded(isPath ? redacted : redacted.replace(/^([a-z\d+.-]*:?\/\/)?.*@/is, `$1${REDACTED}@`)) ?? '';
}

/** The characters that stand for themselves, in JSON and in a terminal. */
const PLAIN = /^[ !#-[\]-~]*$/;
const WORD = /^[!#-[\]-~]+$/;
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A string as JSON of printable characters. JSON leaves some characters as they are that control a terminal or the direction
 * of text: DEL, C1, marks of Unicode, line separators. They are escaped as well.
 */
function printableJson(value: string): string {
  if (PLAIN.test(value)) {
    return `"${value}"`;
  }
  return JSON.stringify(value).replaceAll(HIDDEN, (character) => {
    let escaped = '';
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}

/** One JSON object a line, with the fields that Nest's JSON has as well. */
export class JsonFormat implements AccessLineFormat {
  private readonly start = `{"level":"log","pid":${process.pid},"timestamp":`;

  handshake({ address, path, protocol, tls, origin, subprotocol }: HandshakeFields): string {
    return (
      jsonField('address', address) +
      jsonField('path', path) +
      `,"protocol":"${protocol}"` +
      jsonField('tls', tls) +
      jsonField('origin', origin) +
      jsonField('subprotocol', subprotocol)
    );
  }

  opened(id: number, handshake: string, userAgent: string | undefined): string {
    return this.line('opened', `,"id":${id}${handshake}${jsonField('userAgent', userAgent)}`);
  }

  closed(id: number, handshake: string, fields: CloseFields): string {
    return this.line(
      'closed',
      `,"id":${id}${handshake},"duration":${fields.duration}` +
        `,"messagesReceived":${fields.messagesReceived},"bytesReceived":${fields.bytesReceived}` +
        `,"messagesSent":${fields.messagesSent},"bytesSent":${fields.bytesSent}` +
        `,"closedBy":"${fields.closedBy}","closeCode":${fields.closeCode}${jsonField('closeReason', fields.closeReason)}`,
    );
  }

  refused(handshake: string, { status, reason, userAgent }: RefusalFields): string {
    return this.line(
      'refused',
      `${handshake},"status":${status},"reason":"${reason}"${jsonField('userAgent', userAgent)}`,
    );
  }

  dropped(lines: number): string {
    return this.line('dropped', `,"lines":${lines}`, droppedText(lines));
  }

  private line(event: string, fields: string, message = `WebSocket ${event}`): string {
    return `${this.start}${Date.now()},"message":"${message}","context":"${CONTEXT}","event":"${event}"${fields}}\n`;
  }
}

function jsonField(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${printableJson(value)}`;
}

/** Lines for people, which begin as those of Nest do. */
export class TextFormat extends ConsoleLogger implements AccessLineFormat {
  private prefixText = '';
  private prefixSecond = 0;

  constructor() {
    super({ colors: false });
  }

  handshake({ address = '-', path, protocol, tls = '-', origin, subprotocol }: HandshakeFields): string {
    const columns = `${address.padEnd(15)} ${protocol} ${tls.padEnd(7)} ${word(path)}`;
    return columns + textField('origin', origin) + textField('subprotocol', subprotocol);
  }

  opened(id: number, handshake: string, userAgent: string | undefined): string {
    return this.line('opened', `#${id}`, handshake + textField('agent', userAgent));
  }

  closed(id: number, handshake: string, fields: CloseFields): string {
    return this.line(
      'closed',
      `#${id}`,
      `${handshake} by=${fields.closedBy} code=${fields.closeCode}${textField('reason', fields.closeReason)}` +
        ` ${(fields.duration / 1000).toFixed(3)}s` +
        ` in=${fields.messagesReceived}/${fields.bytesReceived}B out=${fields.messagesSent}/${fields.bytesSent}B`,
    );
  }

  refused(handshake: string, { status, reason, userAgent }: RefusalFields): string {
    return this.line('refused', '-', `${handshake} status=${status} reason=${reason}${textField('agent', userAgent)}`);
  }

  dropped(lines: number): string {
    return `${this.prefix()}${droppedText(lines)}\n`;
  }

  private line(event: string, id: string, fields: string): string {
    return `${this.prefix()}${event.padEnd(7)} ${id.padEnd(6)} ${fields}\n`;
  }

  /** The start of Nest's lines. The time is formatted once a second, because that takes longer than the rest of a line. */
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

function textField(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name}=${word(value)}`;
}

/** A value as one word: in quotation marks and escaped if it has other characters than a word. */
function word(value: string): string {
  return WORD.test(value) ? value : printableJson(value);
}

function droppedText(lines: number): string {
  return `${lines} ${lines === 1 ? 'line' : 'lines'} of the access log dropped, because stdout did not keep up`;
}
