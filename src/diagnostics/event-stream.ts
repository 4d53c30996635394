import { Readable } from 'node:stream';

/** A client is behind when more than this is buffered for it, in bytes. */
const MAX_BACKLOG = 256 * 1024;

/** The interval of comments, in ms. Proxies cut a response that is silent for long. */
const COMMENT_INTERVAL = 15_000;

/** The time limit for a client to read the last events, in ms. It is short, because a shutdown waits for responses. */
const LINGER = 1_000;

/** The body of a response of Server-Sent Events. */
export class EventStream extends Readable {
  private readonly comments = setInterval(() => this.comment(), COMMENT_INTERVAL).unref();
  private lingering: NodeJS.Timeout | undefined;

  /** @param cut ends the response at once; called if the client does not read its end */
  constructor(private readonly cut: () => void) {
    super();
    this.comment(); // the headers go out with the first bytes
  }

  /** Whether the client does not keep up. Only the last events are sent to it then. */
  get isBehind(): boolean {
    return this.readableLength > MAX_BACKLOG;
  }

  /** Sends an event, unless the stream has ended. */
  send(event: string, data: object): void {
    if (!this.destroyed && this.lingering === undefined) {
      this.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }

  /** Ends the response after the events that were sent, or after a second if the client does not read them. */
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

  /** Frees the stream after its response has ended. */
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
