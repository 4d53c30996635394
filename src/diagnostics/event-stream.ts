import { Readable } from 'node:stream';

/** How many bytes of events may wait for a client, in bytes. */
const MAX_BACKLOG = 256 * 1024;

/** How often a comment is sent, in ms: proxies cut a response on which nothing moves. */
const COMMENT_INTERVAL = 15_000;

/** How long a client may take to read the last events, in ms. A shutdown waits for it. */
const LINGER = 1_000;

/** The body of a response of Server-Sent Events. */
export class EventStream extends Readable {
  private readonly comments = setInterval(() => this.comment(), COMMENT_INTERVAL).unref();
  private lingering: NodeJS.Timeout | undefined;

  /** @param cut ends the response at once, for a client that does not read */
  constructor(private readonly cut: () => void) {
    super();
    this.comment(); // the headers go out with the first bytes
  }

  /** Whether the client does not keep up, so that nothing more should be sent. */
  get isBehind(): boolean {
    return this.readableLength > MAX_BACKLOG;
  }

  /** Sends an event. */
  send(event: string, data: object): void {
    if (!this.destroyed && this.lingering === undefined) {
      this.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }

  /** Ends the response once the client has read what was sent, or after a second. */
  end(): void {
    if (!this.destroyed && this.lingering === undefined) {
      this.push(null);
      this.lingering = setTimeout(this.cut, LINGER);
    }
  }

  override _read(): void {}

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.comments);
    done(error);
  }

  /** The response has ended, so that nothing waits for it any more. */
  release(): void {
    clearTimeout(this.lingering);
    this.destroy();
  }

  private comment(): void {
    if (!this.isBehind && this.lingering === undefined) {
      this.push(':\n\n');
    }
  }
}
