/** When a connection is probed, and when it is given up. All in ms; 0 switches off. */
export interface KeepAliveOptions {
  readonly keepAliveInterval: number;
  readonly keepAliveTimeout: number;
  readonly receiveTimeout: number;
}

/** What keep-alive does to its connection. */
export interface KeepAliveTarget {
  /** Whether bytes of the peer would be read now. While they would not, silence proves nothing. */
  isReading(): boolean;
  sendPing(payload: Buffer): void;
  sendPong(): void;
  /** The peer gave no sign of life for `keepAliveTimeout` after a ping. */
  onSilence(): void;
  /** The peer sent no message for `receiveTimeout`. */
  onNoMessage(): void;
}

/**
 * Finds out when a peer has gone without a word, in ASP.NET Core's three ways: not at all, with unsolicited pongs that
 * keep proxies from cutting an idle connection, or with pings that have to be answered.
 *
 * One timer serves all of it, and a read costs no more than the time being noted: the timer looks at that when it fires.
 */
export class KeepAlive {
  /** How long the peer took to answer the latest ping, in ms. */
  roundTripTime: number | undefined;

  private timer: NodeJS.Timeout | undefined;
  private heardAt = performance.now();
  private messageAt = this.heardAt;
  /** When the latest ping, or unsolicited pong, was sent. */
  private probedAt = this.heardAt;
  private isAnswerDue = false;
  private count = 0;

  constructor(
    private readonly options: KeepAliveOptions,
    private readonly target: KeepAliveTarget,
  ) {
    this.schedule(this.heardAt);
  }

  /** Notes a sign of life: bytes came. */
  heard(withMessage: boolean): void {
    this.heardAt = performance.now();
    this.isAnswerDue = false;
    if (withMessage) {
      this.messageAt = this.heardAt;
    }
  }

  /** Takes the round-trip time from the answer to the latest ping; other pongs tell nothing (RFC 6455 section 5.5.3). */
  onPong(payload: Buffer): void {
    if (payload.length === 8 && payload.readBigUInt64BE() === BigInt(this.count)) {
      this.roundTripTime = performance.now() - this.probedAt;
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private onTimer(): void {
    const now = performance.now();
    if (!this.target.isReading()) {
      this.heardAt = now;
      this.messageAt = now;
      this.isAnswerDue = false;
    }
    if (this.nextLimit(this.options.receiveTimeout, this.messageAt) <= now) {
      this.target.onNoMessage();
      return;
    }
    if (this.nextProbe() <= now) {
      if (this.isAnswerDue) {
        this.target.onSilence();
        return;
      }
      this.probe(now);
    }
    this.schedule(now);
  }

  private probe(now: number): void {
    this.probedAt = now;
    if (this.options.keepAliveTimeout === 0) {
      this.target.sendPong();
      return;
    }
    this.isAnswerDue = true;
    const payload = Buffer.allocUnsafe(8);
    payload.writeBigUInt64BE(BigInt(++this.count));
    this.target.sendPing(payload);
  }

  /** When there is something to do next: give up where an answer is due, else probe. */
  private nextProbe(): number {
    const { keepAliveInterval, keepAliveTimeout } = this.options;
    if (keepAliveTimeout === 0) {
      return this.nextLimit(keepAliveInterval, this.probedAt);
    }
    return this.isAnswerDue
      ? this.probedAt + keepAliveTimeout
      : this.nextLimit(keepAliveInterval, Math.max(this.heardAt, this.probedAt));
  }

  private nextLimit(limit: number, since: number): number {
    return limit === 0 ? Infinity : since + limit;
  }

  private schedule(now: number): void {
    const next = Math.min(this.nextProbe(), this.nextLimit(this.options.receiveTimeout, this.messageAt));
    if (next < Infinity) {
      this.timer = setTimeout(() => this.onTimer(), Math.max(1, Math.ceil(next - now)));
    }
  }
}
