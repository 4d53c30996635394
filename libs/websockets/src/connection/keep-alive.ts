/** When a peer is pinged, and when it is given up. All in ms; 0 switches off. */
export interface KeepAliveOptions {
  readonly keepAliveInterval: number;
  readonly keepAliveTimeout: number;
  readonly receiveTimeout: number;
}

/** What keep-alive needs of its connection. */
export interface KeepAliveTarget {
  /** Whether bytes flow both ways: the peer is read, and takes what it is sent. While they do not, silence proves nothing. */
  isFlowing(): boolean;
  /** Sends a ping. @returns whether it was sent */
  sendProbe(payload: Buffer): boolean;
  /** Sends an unsolicited pong. */
  sendHeartbeat(): void;
  /** No byte of the peer arrived for `keepAliveTimeout` after a ping. */
  onSilence(): void;
  /** The peer sent no message for `receiveTimeout`. */
  onNoMessage(): void;
}

/**
 * Finds out when a peer is gone, in ASP.NET Core's three ways: not at all, with unsolicited pongs that keep proxies from
 * cutting an idle connection, or with pings that have to be answered.
 *
 * A ping is sent after each `keepAliveInterval` without one and without bytes of the peer, however long the time-out is: a
 * proxy in between may cut a connection that is silent for longer.
 *
 * There is one timer, and a read only notes the time, which the timer compares when it fires.
 */
export class KeepAlive {
  private timer: NodeJS.Timeout | undefined;
  private heardAt = performance.now();
  private messageAt = this.heardAt;
  /** When the latest ping, or unsolicited pong, was sent. */
  private probedAt = this.heardAt;
  /** When the first ping was sent that no byte of the peer has followed. */
  private unansweredSince: number | undefined;
  /** How many pings were sent; each carries its number. */
  private count = 0;
  /** The ping whose round trip is measured. Others may be sent before it is answered. */
  private measured: { readonly number: number; readonly at: number } | undefined;

  constructor(
    private readonly options: KeepAliveOptions,
    private readonly target: KeepAliveTarget,
  ) {
    this.schedule(this.heardAt);
  }

  /** Notes that bytes of the peer have arrived. */
  heard(withMessage: boolean): void {
    this.heardAt = performance.now();
    this.unansweredSince = undefined;
    if (withMessage) {
      this.messageAt = this.heardAt;
    }
  }

  /** @returns when the ping was sent, as `performance.now()`, if the pong answers the measured one (RFC 6455 section 5.5.3) */
  onPong(payload: Buffer): number | undefined {
    const { measured } = this;
    if (measured !== undefined && payload.length === 8 && payload.readBigUInt64BE() === BigInt(measured.number)) {
      this.measured = undefined;
      return measured.at;
    }
    return undefined;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private onTimer(): void {
    const now = performance.now();
    if (!this.target.isFlowing()) {
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
      this.target.sendHeartbeat();
      return;
    }
    const number = this.count + 1;
    const payload = Buffer.allocUnsafe(8);
    payload.writeBigUInt64BE(BigInt(number));
    if (!this.target.sendProbe(payload)) {
      return; // a ping that was not sent proves nothing
    }
    this.count = number;
    this.unansweredSince ??= now;
    // A peer may answer only the latest ping: one that is older than the time-out is not waited for any more.
    if (this.measured === undefined || this.measured.at + this.options.keepAliveTimeout <= now) {
      this.measured = { number, at: now };
    }
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
