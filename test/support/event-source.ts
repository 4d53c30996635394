import { EventEmitter, once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** A Server-Sent Event, with JSON data. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const sources = new Set<EventSource>();

/** A client of Server-Sent Events, which records them. */
export class EventSource {
  readonly events: ServerSentEvent[] = [];
  private text = '';
  /** Emits `news` at each read and at the end. Any number of waits may listen. */
  private readonly news = new EventEmitter();
  private hasEnded = false;

  private constructor(readonly response: IncomingMessage) {
    sources.add(this);
    response.setEncoding('utf8').on('data', (text: string) => this.read(text));
    for (const event of ['end', 'close', 'error']) {
      response.on(event, () => {
        this.hasEnded = true;
        this.news.emit('news');
      });
    }
  }

  /** Opens a stream, and resolves once its headers have arrived. */
  static async open(url: string): Promise<EventSource> {
    const [response] = (await once(get(url), 'response')) as [IncomingMessage];
    return new EventSource(response);
  }

  /** Waits for an event of a kind, unless it has arrived. */
  async event(kind: string): Promise<Readonly<Record<string, unknown>>> {
    await this.until(() => this.events.some(({ event }) => event === kind));
    return this.events.find(({ event }) => event === kind)?.data ?? {};
  }

  /** Waits until the events suffice. Fails if the stream ends before. */
  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      if (this.hasEnded) {
        throw new Error(`The stream ended: ${JSON.stringify(this.events)}`);
      }
      await once(this.news, 'news');
    }
  }

  /** Resolves when the server has ended the stream. */
  async ended(): Promise<void> {
    while (!this.hasEnded) {
      await once(this.news, 'news');
    }
  }

  private read(text: string): void {
    const blocks = (this.text + text).split('\n\n');
    this.text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined && data !== undefined) {
        this.events.push({ event, data: JSON.parse(data) as ServerSentEvent['data'] });
      }
    }
    this.news.emit('news');
  }
}

/** Ends every open stream; for `afterEach`. */
export function endEventSources(): void {
  sources.forEach(({ response }) => response.destroy());
  sources.clear();
}
