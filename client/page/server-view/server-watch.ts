import {
  diagnosticsPath,
  parseServerEvent,
  SERVER_EVENT_KINDS,
  type ServerEvent,
  type ServerEventKind,
} from './server-event.js';

/** The view keeps this many events, and drops the oldest first. */
export const KEPT_EVENTS = 2_000;

/** The time limit for opening the diagnostics stream before the page connects without it, in milliseconds. */
const PATIENCE = 2_000;

/** The part of the browser's EventSource that a {@link ServerWatch} uses. */
export interface EventStream {
  readonly readyState: number;
  addEventListener(kind: string, listener: (event: { data?: unknown }) => void): void;
  close(): void;
}

/** `EventSource.CLOSED`: the response was not an event stream, so the browser does not try again. */
const CLOSED = 2;

/** The result of opening the diagnostics stream. `absent`: this server does not offer it. */
export type WatchResult = 'open' | 'absent' | 'unreachable';

/** The diagnostics stream of one connection: the server's view of it. */
export class ServerWatch {
  private readonly openStream: (path: string) => EventStream;
  private readonly onChanged: () => void;
  private stream: EventStream | undefined;
  private keptEvents: ServerEvent[] = [];
  private droppedCount = 0;

  constructor(openStream: (path: string) => EventStream, onChanged: () => void) {
    this.openStream = openStream;
    this.onChanged = onChanged;
  }

  get events(): readonly ServerEvent[] {
    return this.keptEvents;
  }

  /** How many events were dropped. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** The handshake as seen by the server. */
  get request(): Extract<ServerEvent, { kind: 'request' }> | undefined {
    return this.keptEvents.find((event) => event.kind === 'request');
  }

  /** Opens the diagnostics stream of a connection, before the connection itself. Earlier events are dropped. */
  open(id: string): Promise<WatchResult> {
    this.clear();
    const stream = this.openStream(diagnosticsPath(id));
    this.stream = stream;
    for (const kind of SERVER_EVENT_KINDS) {
      stream.addEventListener(kind, ({ data }) => this.add(kind, String(data)));
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve('unreachable');
      }, PATIENCE);
      const settle = (result: WatchResult): void => {
        clearTimeout(timer);
        resolve(result);
      };
      stream.addEventListener('open', () => settle('open'));
      stream.addEventListener('error', () => settle(stream.readyState === CLOSED ? 'absent' : 'unreachable'));
    });
  }

  /** Closes the stream, and drops the events: they do not belong to the next connection. */
  clear(): void {
    this.close();
    this.keptEvents = [];
    this.droppedCount = 0;
    this.onChanged();
  }

  close(): void {
    this.stream?.close();
    this.stream = undefined;
  }

  private add(kind: ServerEventKind, data: string): void {
    const event = parseServerEvent(kind, data);
    if (!event) {
      return;
    }
    if (this.keptEvents.length >= KEPT_EVENTS) {
      // In blocks, so that a flood does not move the whole array for each event. The request stays.
      const before = this.keptEvents.length;
      this.keptEvents = this.keptEvents.filter(({ kind: other }, index) => other === 'request' || index >= before / 4);
      this.droppedCount += before - this.keptEvents.length;
    }
    this.keptEvents.push(event);
    // It was the last event. EventSource would open the stream again.
    if (event.kind === 'close' || (event.kind === 'request' && event.status >= 300)) {
      this.close();
    }
    this.onChanged();
  }
}
