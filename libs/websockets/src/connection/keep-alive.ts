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
 * Finds out when a peer is gone, in ASP.NET Core's three ways: not at all, with unsolicited pongs that keep proxies from
 * cutting an idle connection, or with pings that have to be answered.
 *
 * A probe is sent after each `keepAliveInterval` without one and without bytes of the peer, whatever the time-out is: a
 * proxy in between may cut a connection that is silent for longer.
 *
 * One timer serves all of it, and a read costs no more than the time being noted: the timer looks at that when it fires.
 */
export class KeepAlive {
  /** How long the peer took to answer a ping, in ms. */
  roundTripTime: number | undefined;

  private timer: NodeJS.Timeout | undefined;
  private heardAt = performance.now();
  private messageAt = this.heardAt;
  /** When the latest ping, or unsolicited pong, was sent. */
  private probedAt = this.heardAt;
  /** When the first ping was sent that no byte of the peer has followed. */
  private unansweredSince: number | undefined;
  /** How many pings were sent; each carries its number. */
  private count = 0;
  /** The ping whose answer tells the round-trip time. Others may be sent before that answer comes. */
  private measured: { readonly number: number; readonly at: number } | undefined;

  constructor(
    private readonly options: KeepAliveOptions,
    private readonly target: KeepAliveTarget,
  ) {
    this.schedule(this.heardAt);
  }

  /** Notes a sign of life: bytes came. */
  heard(withMessage: boolean): void {
    this.heardAt = performance.now();
    this.unansweredSince = undefined;
    if (withMessage) {
      this.messageAt = this.heardAt;
    }
  }

  /** Takes the round-trip time from the answer to the measured ping; other pongs tell nothing (RFC 6455 section 5.5.3). */
  onPong(payload: Buffer): void {
    const { measured } = this;
    if (measured !== undefined && payload.length === 8 && payload.readBigUInt64BE() === BigInt(measured.number)) {
      this.roundTripTime = performance.now() - measured.at;
      this.measured = undefined;
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private onTimer(): void {
    const now = performance.now();
    if (!this.target.isReading()) {
      this.messageAt = now;
      this.unansweredSince = undefined;
    }
    if (this.nextLimit(this.options.receiveTimeout, this.messageAt) <= now) {
      this.target.onNoMessage();
      return;
    }
    if (this.silenceEnd() <= now) {
      this.target.onSilence();
      return;
    }
    if (this.nextProbe() <= now) {
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
    this.unansweredSince ??= now;
    const number = ++this.count;
    // A peer may leave all but the latest ping unanswered: one that is older than the time-out is given up.
    if (this.measured === undefined || this.measured.at + this.options.keepAliveTimeout <= now) {
      this.measured = { number, at: now };
    }
    const payload = Buffer.allocUnsafe(8);
    payload.writeBigUInt64BE(BigInt(number));
    this.target.sendPing(payload);
  }

  /** When the next ping or unsolicited pong is due. Bytes of the peer count as life only where pings are sent. */
  private nextProbe(): number {
    const { keepAliveInterval, keepAliveTimeout } = this.options;
    const since = keepAliveTimeout === 0 ? this.probedAt : Math.max(this.heardAt, this.probedAt);
    return this.nextLimit(keepAliveInterval, since);
  }

  /** When a peer that stays silent is given up. */
  private silenceEnd(): number {
    return this.unansweredSince === undefined ? Infinity : this.unansweredSince + this.options.keepAliveTimeout;
  }

  private nextLimit(limit: number, since: number): number {
    return limit === 0 ? Infinity : since + limit;
  }

  private schedule(now: number): void {
    const next = Math.min(
      this.nextProbe(),
      this.silenceEnd(),
      this.nextLimit(this.options.receiveTimeout, this.messageAt),
    );
    if (next < Infinity) {
      this.timer = setTimeout(() => this.onTimer(), Math.max(1, Math.ceil(next - now)));
    }
  }
}
