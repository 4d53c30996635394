import type { Duplex } from 'node:stream';
import { FrameReader, type FrameHead } from './frame-reader.js';
import { RelayedSocket, type Written } from './relayed-socket.js';

/** Which way a frame goes, as seen from here. */
export type Direction = 'sent' | 'received';

/** Is told of every frame, in the order in which they pass the socket. */
export type FrameObserver = (direction: Direction, frame: FrameHead) => void;

/** A socket in which every frame is seen: what `ws` itself answers, such as pongs, and how messages were cut. */
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

/** One direction: the head of a request, or of a response of 101, and then frames. */
class HeadThenFrames {
  private head: string | undefined = '';
  private readonly frames: FrameReader;

  constructor(onFrame: (frame: FrameHead) => void) {
    this.frames = new FrameReader(onFrame);
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
