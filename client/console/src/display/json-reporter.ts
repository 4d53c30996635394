import { PERCENTILES, type BenchResult } from '../bench/bench-result.js';
import type { Connection } from '../connection/connect.js';
import { Refusal } from '../connection/connect-error.js';
import type { FrameHead } from '../connection/frame-reader.js';
import type { Direction } from '../connection/frame-tap.js';
import type { Handshake, Header } from '../connection/handshake.js';
import type { Latencies } from '../latencies.js';
import type { PingSummary } from '../ping/ping-summary.js';
import type { Echo, Message } from '../session/echoes.js';
import type { Closed, Ending, Reconnection } from '../session/ending.js';
import { opcodeName } from './frame-lines.js';
import { withoutSecret } from './handshake-lines.js';
import type { Lines } from './output.js';
import type { Reporter } from './reporter.js';

/** One JSON object per event on stdout. All have `time` and `type`; times that were measured are milliseconds. */
export class JsonReporter implements Reporter {
  /** @param showHandshake whether `open` has the request and all headers */
  constructor(
    private readonly lines: Lines,
    private readonly showHandshake: boolean,
  ) {}

  opened({ url, handshake, webSocket }: Connection): void {
    const { status, httpVersion } = handshake.response;
    this.event('open', {
      url: url.href,
      status,
      httpVersion,
      subprotocol: webSocket.protocol || undefined,
      extensions: webSocket.extensions || undefined,
      ...(this.showHandshake && headersOf(handshake)),
    });
  }

  message({ data, binary }: Message, { roundTrip, difference }: Echo): boolean {
    return this.event(binary ? 'binary' : 'text', {
      size: data.length,
      rtt: rounded(roundTrip),
      data: data.toString(binary ? 'hex' : 'utf8'),
      difference,
    });
  }

  echo(sequence: number, { data }: Message, { roundTrip, difference }: Echo): boolean {
    return this.event('echo', { sequence, size: data.length, rtt: rounded(roundTrip), difference });
  }

  pong(roundTrip: number, data: Buffer): void {
    this.event('pong', { size: data.length, rtt: rounded(roundTrip), data: data.toString() });
  }

  summary({ sent, received, lost, min, median, p99, max }: PingSummary): void {
    const times = { min: rounded(min), median: rounded(median), p99: rounded(p99), max: rounded(max) };
    this.event('summary', { sent, received, lost, ...times });
  }

  benchmark({ load, latencies, lateness, perSecond, busy, duration, ...counts }: BenchResult): void {
    const { rate, inFlight, ...rest } = load;
    this.event('benchmark', {
      ...counts,
      ...rest,
      ...(rate === undefined ? { loop: 'closed', inFlight } : { loop: 'open', rate }),
      duration: rounded(duration),
      perSecond: rounded(perSecond),
      latency: figuresOf(latencies),
      lateness: rate === undefined ? undefined : figuresOf(lateness),
      busy: rounded(busy),
    });
  }

  frame(direction: Direction, { opcode, fin, rsv: [rsv1, rsv2, rsv3], masked, length }: FrameHead): void {
    this.event('frame', { direction, opcode: opcodeName(opcode), fin, rsv1, rsv2, rsv3, masked, size: length });
  }

  closed(closed: Closed): void {
    const { code, reason, cause, impatience, byUs, lost } = closed;
    this.event('close', { code, reason, cause: cause ?? impatience, by: byUs ? 'client' : 'server', lost });
  }

  reconnecting({ reason, delay, attempt }: Reconnection): void {
    this.event('reconnecting', { reason, delay: rounded(delay), attempt });
  }

  ended(ending: Ending): void {
    if (ending.kind !== 'not connected') {
      return;
    }
    const { error } = ending;
    if (error instanceof Refusal) {
      const { status, httpVersion } = error.handshake.response;
      const { message, body, handshake } = error;
      this.event('refused', { message, status, httpVersion, ...headersOf(handshake), body });
    } else {
      this.event('failed', { message: error.message });
    }
    this.lines.note(error.message);
  }

  drained(): Promise<void> {
    return this.lines.drained();
  }

  /** What is undefined is left out. */
  private event(type: string, properties: Readonly<Record<string, unknown>>): boolean {
    return this.lines.out(JSON.stringify({ time: new Date().toISOString(), type, ...properties }));
  }
}

function headersOf({ request, response }: Handshake): Record<string, unknown> {
  return {
    request: request.line,
    requestHeaders: asObject(request.headers.map(withoutSecret)),
    responseHeaders: asObject(response.headers.map(withoutSecret)),
  };
}

/** Values of one name are joined as RFC 9110 section 5.3 allows; those of Set-Cookie, which it excepts, by line breaks. */
function asObject(headers: readonly Header[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    object[key] = key in object ? `${object[key]}${key === 'set-cookie' ? '\n' : ', '}${value}` : value;
  }
  return object;
}

function figuresOf(latencies: Latencies): Record<string, number | undefined> {
  const percentiles = PERCENTILES.map((share) => [`p${share}`, rounded(latencies.percentile(share))]);
  return { min: rounded(latencies.min), ...Object.fromEntries(percentiles), max: rounded(latencies.max) };
}

/** To the microsecond. */
function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1000) / 1000;
}
