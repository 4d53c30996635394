import { PERCENTILES, type BenchResult } from '../bench/bench-result.js';
import type { ClientConnection } from '../connection/connect.js';
import { RefusedError } from '../connection/connect-error.js';
import type { FrameHead, Direction } from '../connection/frame-tap.js';
import type { Handshake, Header } from '../connection/handshake.js';
import type { Latencies } from '../latencies.js';
import type { PingSummary } from '../ping.js';
import type { Echo } from '../session/echoes.js';
import type { Message } from '../message.js';
import type { Closed, Ending } from '../session/ending.js';
import type { Reconnection } from '../session/reconnection.js';
import { opcodeName } from './frame-lines.js';
import { withoutSecret } from './handshake-lines.js';
import type { Output } from './output.js';
import type { Reporter } from './reporter.js';

/** Writes one JSON object per event to stdout. Each has `time` and `type`; measured times are in milliseconds. */
export class JsonReporter implements Reporter {
  /** @param showHandshake whether the event `open` has the request and all headers */
  constructor(
    private readonly output: Output,
    private readonly showHandshake: boolean,
  ) {}

  opened({ url, handshake, webSocket }: ClientConnection): void {
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
      rtt: toMicrosecond(roundTrip),
      data: data.toString(binary ? 'hex' : 'utf8'),
      difference,
    });
  }

  echo(sequence: number, { data }: Message, { roundTrip, difference }: Echo): boolean {
    return this.event('echo', { sequence, size: data.length, rtt: toMicrosecond(roundTrip), difference });
  }

  pong(roundTrip: number, data: Buffer): void {
    this.event('pong', { size: data.length, rtt: toMicrosecond(roundTrip), data: data.toString() });
  }

  summary({ sent, received, lost, min, median, p99, max }: PingSummary): void {
    const times = {
      min: toMicrosecond(min),
      median: toMicrosecond(median),
      p99: toMicrosecond(p99),
      max: toMicrosecond(max),
    };
    this.event('summary', { sent, received, lost, ...times });
  }

  benchmark({ load, latencies, lateness, perSecond, busy, duration, ...counts }: BenchResult): void {
    const { rate, inFlight, ...rest } = load;
    this.event('benchmark', {
      ...counts,
      ...rest,
      ...(rate === undefined ? { loop: 'closed', inFlight } : { loop: 'open', rate }),
      duration: toMicrosecond(duration),
      perSecond: toMicrosecond(perSecond),
      latency: figuresOf(latencies),
      lateness: rate === undefined ? undefined : figuresOf(lateness),
      busy: toMicrosecond(busy),
    });
  }

  frame(direction: Direction, { opcode, fin, rsv: [rsv1, rsv2, rsv3], masked, length }: FrameHead): void {
    this.event('frame', { direction, opcode: opcodeName(opcode), fin, rsv1, rsv2, rsv3, masked, size: length });
  }

  closed(closed: Closed): void {
    const { code, reason, cause, giveUpReason, byClient, lost } = closed;
    this.event('close', { code, reason, cause: cause ?? giveUpReason, by: byClient ? 'client' : 'server', lost });
  }

  reconnecting({ reason, delay, attempt }: Reconnection): void {
    this.event('reconnecting', { reason, delay: toMicrosecond(delay), attempt });
  }

  ended(ending: Ending): void {
    if (ending.kind !== 'not connected') {
      return;
    }
    const { error } = ending;
    if (error instanceof RefusedError) {
      const { status, httpVersion } = error.handshake.response;
      const { message, body, handshake } = error;
      this.event('refused', { message, status, httpVersion, ...headersOf(handshake), body });
    } else {
      this.event('failed', { message: error.message });
    }
    this.output.note(error.message);
  }

  drained(): Promise<void> {
    return this.output.drained();
  }

  /** Properties that are undefined are left out. */
  private event(type: string, properties: Readonly<Record<string, unknown>>): boolean {
    return this.output.out(JSON.stringify({ time: new Date().toISOString(), type, ...properties }));
  }
}

function headersOf({ request, response }: Handshake): Record<string, unknown> {
  return {
    request: request.line,
    requestHeaders: asObject(request.headers.map(withoutSecret)),
    responseHeaders: asObject(response.headers.map(withoutSecret)),
  };
}

/** Joins the values of one name by commas (RFC 9110 section 5.3), except those of Set-Cookie, which it joins by line breaks. */
function asObject(headers: readonly Header[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    object[key] = key in object ? `${object[key]}${key === 'set-cookie' ? '\n' : ', '}${value}` : value;
  }
  return object;
}

function figuresOf(latencies: Latencies): Record<string, number | undefined> {
  const percentiles = PERCENTILES.map((share) => [`p${share}`, toMicrosecond(latencies.percentile(share))]);
  return { min: toMicrosecond(latencies.min), ...Object.fromEntries(percentiles), max: toMicrosecond(latencies.max) };
}

/** Rounds milliseconds to a microsecond. */
function toMicrosecond(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1000) / 1000;
}
