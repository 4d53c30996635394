import type { Duplex } from 'node:stream';
import { RelayedSocket, type Written } from './relayed-socket.js';

/** The header of a frame (RFC 6455 section 5.2). */
export interface FrameHead {
  readonly fin: boolean;
  /** Bits RSV1, RSV2 and RSV3; RSV1 is set on the first frame of a compressed message (RFC 7692 section 6). */
  readonly rsv: readonly [boolean, boolean, boolean];
  readonly opcode: number;
  readonly masked: boolean;
  /** Bytes of the payload. */
  readonly length: number;
}

/** The direction of a frame, as seen from the client. */
export type Direction = 'sent' | 'received';

/** Called for each frame, in the order of the socket. */
export type FrameObserver = (direction: Direction, frame: FrameHead) => void;

/** A socket that reports every frame, including frames that `ws` handles itself, such as pongs. */
export class FrameTap extends RelayedSocket {
  private readonly sent: HeadThenFrames;

  constructor(socket: Duplex, observe: FrameObserver) {
    super();
    this.sent = new HeadThenFrames((frame) => observe('sent', frame));
    const received = new HeadThenFrames((frame) => observe('received', frame));
    socket.on('data', (chunk: Buffer) => received.read(chunk));
    this.relay(socket);
  }

  protected override forward(chunk: Buffer, written: Written): void {
    this.sent.read(chunk);
    super.forward(chunk, written);
  }
}

/** One direction of a connection: the head of the request, or of the response with status 101, and then frames. */
class HeadThenFrames {
  private head: string | undefined = '';
  private readonly frames: FrameScanner;

  constructor(onFrame: (frame: FrameHead) => void) {
    this.frames = new FrameScanner(onFrame);
  }

  read(chunk: Buffer): void {
    if (this.head === undefined) {
      this.frames.read(chunk);
      return;
    }
    const before = this.head.length;
    this.head += chunk.toString('latin1');
    const end = this.head.indexOf('\r\n\r\n');
    if (end >= 0 && /^GET |^HTTP\/1\.1 101 /.test(this.head)) {
      this.head = undefined;
      this.frames.read(chunk.subarray(end + 4 - before));
    }
  }
}

/** Finds the frames in the bytes of one direction, in chunks of any size. It does not validate them. */
export class FrameScanner {
  private head = Buffer.alloc(0);
  /** The remaining bytes of the current payload. */
  private skip = 0;

  /** @param onFrame called when the header of a frame is complete */
  constructor(private readonly onFrame: (frame: FrameHead) => void) {}

  read(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, rest.length);
        this.skip -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const before = this.head.length;
      this.head = Buffer.concat([this.head, rest.subarray(0, LONGEST_HEAD - before)]);
      const length = headLength(this.head);
      if (this.head.length < length) {
        return;
      }
      rest = rest.subarray(length - before);
      const frame = parseHead(this.head);
      this.skip = frame.length;
      this.head = Buffer.alloc(0);
      this.onFrame(frame);
    }
  }
}

/** Two bytes, the longest length and a masking key. */
const LONGEST_HEAD = 2 + 8 + 4;

/** The length of the header that begins with these bytes; at least 2. */
function headLength(bytes: Buffer): number {
  const second = bytes[1] ?? 0;
  const marker = second & 0x7f;
  return 2 + (marker === 127 ? 8 : marker === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0);
}

function parseHead(bytes: Buffer): FrameHead {
  const [first = 0, second = 0] = bytes;
  const marker = second & 0x7f;
  return {
    fin: (first & 0x80) !== 0,
    rsv: [(first & 0x40) !== 0, (first & 0x20) !== 0, (first & 0x10) !== 0],
    opcode: first & 0x0f,
    masked: (second & 0x80) !== 0,
    length: marker === 127 ? Number(bytes.readBigUInt64BE(2)) : marker === 126 ? bytes.readUInt16BE(2) : marker,
  };
}
