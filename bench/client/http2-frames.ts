import { check } from './frame-reader.js';

/** Types of frames (RFC 9113, 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const Flag = { endStream: 1, acknowledgement: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

const HEADER_LENGTH = 9;

export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  /** The stream's number; 0 for the connection. */
  readonly stream: number;
}

/** The head of a frame (RFC 9113, 4.1). */
export function http2FrameHeader({ type, flags, stream }: Http2Frame, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_LENGTH);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return header;
}

/** Is told of frames: of DATA as it arrives, of all others as a whole. */
export interface Http2FrameReceiver {
  onData(stream: number, bytes: Buffer, start: number, end: number): void;
  /** The end of a DATA frame, and of what the server has to say on that stream. */
  onEndOfStream(stream: number): void;
  onFrame(frame: Http2Frame, payload: Buffer): void;
}

/** Cuts what a server sends into frames of HTTP/2. */
export class Http2FrameReader {
  private readonly header = Buffer.alloc(HEADER_LENGTH);
  private headerLength = 0;
  private frame: Http2Frame = { type: 0, flags: 0, stream: 0 };
  private remaining = 0;
  private payload: Buffer[] = [];

  constructor(private readonly receiver: Http2FrameReceiver) {}

  /** @throws EchoError */
  read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.headerLength < HEADER_LENGTH) {
        this.header[this.headerLength++] = bytes[at++];
        if (this.headerLength === HEADER_LENGTH) {
          this.beginFrame();
        }
      } else {
        const length = Math.min(this.remaining, end - at);
        this.takePayload(bytes, at, at + length);
        at += length;
      }
    }
  }

  private beginFrame(): void {
    const { header } = this;
    this.frame = { type: header[3], flags: header[4], stream: header.readUInt32BE(5) & 0x7fffffff };
    this.remaining = header.readUIntBE(0, 3);
    this.payload = [];
    // Padding and priorities are allowed. No server here has a use for them.
    const unread = this.frame.type <= FrameType.headers ? Flag.padded | Flag.priority : 0;
    check((this.frame.flags & unread) === 0, 'a padded frame of HTTP/2, or one with a priority');
    if (this.remaining === 0) {
      this.endFrame();
    }
  }

  private takePayload(bytes: Buffer, start: number, end: number): void {
    this.remaining -= end - start;
    if (this.frame.type === FrameType.data) {
      this.receiver.onData(this.frame.stream, bytes, start, end);
    } else {
      this.payload.push(Buffer.from(bytes.subarray(start, end)));
    }
    if (this.remaining === 0) {
      this.endFrame();
    }
  }

  private endFrame(): void {
    this.headerLength = 0;
    if (this.frame.type !== FrameType.data) {
      this.receiver.onFrame(this.frame, Buffer.concat(this.payload));
    } else if (this.frame.flags & Flag.endStream) {
      this.receiver.onEndOfStream(this.frame.stream);
    }
  }
}
