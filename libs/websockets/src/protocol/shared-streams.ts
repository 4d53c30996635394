/** How many streams of a kind wait for a message: as many as may be at work. */
const MAX_IDLE = 8;

/**
 * How many bytes the zlib of a shared stream is given room for at a time. With each chunk that is full it has to make its
 * way through the thread pool again.
 */
export const SHARED_CHUNK_SIZE = 64 * 1024;

/** A stream of zlib. */
interface ZlibStream {
  readonly windowBits: number;
  /** Forgets what went through it. */
  reset(): void;
  /** Frees its memory. */
  close(): void;
}

/**
 * Streams of zlib that serve one message after the other, of any connection. One that keeps no context from message to
 * message needs no stream of its own, which takes 100 KiB and more.
 */
export class SharedStreams<Stream extends ZlibStream> {
  private idle: Stream[] = [];

  /** @param create makes a stream with a window of this base-2 logarithm */
  constructor(private readonly create: (windowBits: number) => Stream) {}

  /** A stream for a message. It has to be given back or closed. */
  take(windowBits: number): Stream {
    const index = this.idle.findIndex((stream) => stream.windowBits === windowBits);
    return index < 0 ? this.create(windowBits) : this.idle.splice(index, 1)[0];
  }

  /** Takes back a stream whose message has ended. */
  giveBack(stream: Stream): void {
    if (this.idle.length < MAX_IDLE) {
      stream.reset();
      this.idle.push(stream);
    } else {
      stream.close();
    }
  }
}
