/** The two ends of a connection, as named in the log. */
export type Party = 'Client' | 'Server';

/** The content of a message: text or bytes. */
export type Payload = string | ArrayBuffer;

/** A message on the connection. */
export interface MessageEntry {
  readonly kind: 'message';
  /** Milliseconds since 1970, with a fraction. */
  readonly time: number;
  readonly from: Party;
  readonly data: Payload;
  /** Bytes of the payload; text in UTF-8. */
  readonly size: number;
  /** Milliseconds from the message to its echo, on the echo. */
  readonly roundTrip?: number;
  /** The difference between an echo and the sent message, in a sentence. */
  readonly difference?: string;
}

/** An event of the connection itself. */
export interface NoticeEntry {
  readonly kind: 'notice' | 'problem';
  readonly time: number;
  readonly text: string;
  /** Details that the row shows beside its text, such as the URL. */
  readonly note?: string;
  /** Set on the entry that opens a connection. */
  readonly opened?: OpenedConnection;
}

/** The properties of an open connection. */
export interface OpenedConnection {
  readonly url: string;
  readonly subprotocol: string;
  /** The duration of the handshake. */
  readonly milliseconds: number;
}

export type LogEntry = MessageEntry | NoticeEntry;

/** The size of a payload in bytes; the size of text is its UTF-8 length, as on the wire. */
export function sizeOf(data: Payload): number {
  if (typeof data !== 'string') {
    return data.byteLength;
  }
  let size = data.length;
  for (let index = 0; index < data.length; index += 1) {
    const unit = data.charCodeAt(index);
    if (unit >= 0x80) {
      // A surrogate pair has two units and four bytes. A lone one becomes U+FFFD, three bytes; browsers send none.
      size += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
    }
  }
  return size;
}
