import {
  NO_STATUS_RECEIVED,
  type WebSocketClosed,
  type WebSocketConnection,
  type WebSocketConnectionObserver,
  type WebSocketFrame,
  type WebSocketHandshake,
  type WebSocketRefusal,
} from 'nest-raw-websockets';
import type { EventStream } from './event-stream.js';

/** How many events a second are sent. Frames above that are added up. */
const EVENTS_PER_SECOND = 500;

const SECOND = 1_000;

const PING = 9;
const PONG = 10;

/** The headers whose values are secrets. */
const SECRET = /^(?:proxy-)?authorization$|^cookie$/i;

type Side = 'client' | 'server';

/** The sum of frames that have no event of their own. */
interface Sum {
  count: number;
  length: number;
  /** When the first of them was seen. */
  readonly since: number;
}

/** The data of an event. */
interface EventData {
  readonly at: number;
  readonly [field: string]: unknown;
}

/** Milliseconds since 1970, with a fraction. */
const now = (): number => performance.timeOrigin + performance.now();

/** Sends the events of one WebSocket to one client: its handshake, its frames, its pings and its end. */
export class Watch implements WebSocketConnectionObserver {
  private hasHandshake = false;
  /** The start of the second in which events are counted, and their number. */
  private secondStart = 0;
  private sent = 0;
  private readonly sums = new Map<Side, Sum>();
  private sumTimer: NodeJS.Timeout | undefined;
  private pausedAt = 0;
  private over = false;

  constructor(private stream: EventStream) {}

  /** Whether its WebSocket has come. A watch is for one WebSocket, so it takes no other. */
  get isTaken(): boolean {
    return this.hasHandshake;
  }

  /** Whether it has sent its last event. */
  get isOver(): boolean {
    return this.over;
  }

  /** Continues on another response, and ends the one before. @returns this watch */
  continueOn(stream: EventStream): this {
    this.stream.end();
    this.stream = stream;
    return this;
  }

  /** Whether events go to this response. */
  isOn(stream: EventStream): boolean {
    return this.stream === stream;
  }

  refused(handshake: WebSocketHandshake, { status, message }: WebSocketRefusal): void {
    this.request(handshake, { extensions: '', status, message });
    this.end();
  }

  opened({ subprotocol, extensions }: WebSocketConnection, handshake: WebSocketHandshake): void {
    this.request(handshake, { extensions, subprotocol, status: handshake.httpVersion === '2' ? 200 : 101 });
  }

  closed({ by, status = NO_STATUS_RECEIVED, description }: WebSocketClosed): void {
    this.sendSums();
    this.stream.send('close', { at: now(), by, status, description });
    this.end();
  }

  /** Ends the response. */
  end(): void {
    this.over = true;
    clearTimeout(this.sumTimer);
    this.stream.end();
  }

  frameReceived(_connection: WebSocketConnection, frame: WebSocketFrame): void {
    this.frame('client', frame);
  }

  frameSent(_connection: WebSocketConnection, frame: WebSocketFrame): void {
    this.frame('server', frame);
  }

  pongReceived(_connection: WebSocketConnection, length: number, roundTrip: number | undefined): void {
    this.sendIfRoom('pong', { at: now(), from: 'client', length, roundTrip });
  }

  paused(_connection: WebSocketConnection, bufferedAmount: number): void {
    this.pausedAt = now();
    this.sendIfRoom('pause', { at: this.pausedAt, bufferedAmount });
  }

  resumed(): void {
    const at = now();
    this.sendIfRoom('resume', { at, duration: at - this.pausedAt });
  }

  private request(
    { path, headers, rawHeaders, httpVersion, tlsVersion, addresses }: WebSocketHandshake,
    answer: object,
  ): void {
    this.hasHandshake = true;
    const method = headers[':method'] ?? 'GET';
    this.stream.send('request', {
      at: now(),
      line: `${String(method)} ${path} HTTP/${httpVersion}`,
      headers: pairsOf(rawHeaders),
      httpVersion,
      tlsVersion,
      addresses,
      ...answer,
    });
  }

  private frame(from: Side, frame: WebSocketFrame): void {
    if (this.over) {
      return; // the reader of the events has left, and the WebSocket is still open
    }
    const at = now();
    if (!this.sendIfRoom('frame', { at, from, ...frame })) {
      this.add(from, frame.length, at);
      return;
    }
    const { opcode, length } = frame;
    if (opcode === PING) {
      this.sendIfRoom('ping', { at, from, length });
    } else if (opcode === PONG && from === 'server') {
      this.sendIfRoom('pong', { at, from, length }); // for those of the client see `pongReceived`
    }
  }

  /** Sends an event, unless this second has had its events or the client does not keep up. @returns whether it is sent */
  private sendIfRoom(event: string, data: EventData): boolean {
    if (data.at - this.secondStart >= SECOND) {
      this.secondStart = data.at;
      this.sent = 0;
    }
    const hasRoom = this.sent < EVENTS_PER_SECOND && !this.stream.isBehind;
    if (hasRoom) {
      this.sent++;
      this.stream.send(event, data);
    }
    return hasRoom;
  }

  private add(from: Side, length: number, at: number): void {
    const sum = this.sums.get(from);
    if (sum === undefined) {
      this.sums.set(from, { count: 1, length, since: at });
    } else {
      sum.count++;
      sum.length += length;
    }
    this.sumTimer ??= setTimeout(() => this.sumsAreDue(), SECOND);
  }

  /** Sends the sums, or goes on adding to them while the client does not keep up. */
  private sumsAreDue(): void {
    if (this.stream.isBehind) {
      this.sumTimer = setTimeout(() => this.sumsAreDue(), SECOND);
    } else {
      this.sumTimer = undefined;
      this.sendSums();
    }
  }

  private sendSums(): void {
    const at = now();
    for (const [from, { count, length, since }] of this.sums) {
      this.stream.send('frames', { at, from, count, length, duration: at - since });
    }
    this.sums.clear();
  }
}

/** Headers as pairs of a name and a value, without secrets. */
function pairsOf(rawHeaders: readonly string[]): [name: string, value: string][] {
  return rawHeaders.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name, SECRET.test(name) ? '(redacted)' : rawHeaders[i + 1]]] : [],
  );
}
