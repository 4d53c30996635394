import { EventEmitter, once } from 'node:events';
import { WebSocket } from 'ws';

/** An event of the chat, as a client receives it. */
export interface HeardEvent {
  readonly type: 'welcome' | 'joined' | 'left' | 'message';
  readonly [field: string]: unknown;
}

const clients = new Set<ChatClient>();

/** A client of the chat, which records its events. */
export class ChatClient {
  readonly heard: HeardEvent[] = [];
  /** How the connection ended. */
  private end: { code: number; reason: string } | undefined;
  /** Emits `news` at each event and at the end. Any number of waits may listen. */
  private readonly news = new EventEmitter().setMaxListeners(0);

  private constructor(readonly webSocket: WebSocket) {
    clients.add(this);
    webSocket.on('message', (data: Buffer) => {
      this.heard.push(JSON.parse(data.toString()) as HeardEvent);
      this.news.emit('news');
    });
    webSocket.on('close', (code, reason) => {
      this.end = { code, reason: reason.toString() };
      this.news.emit('news');
    });
    webSocket.on('error', () => {});
  }

  /** @param url `http://host:port/background/room?name=Ann` */
  static async join(url: string): Promise<ChatClient> {
    const client = new ChatClient(new WebSocket(url.replace('http', 'ws')));
    await client.hear('welcome');
    return client;
  }

  /** Its id, which the server assigned. */
  get id(): unknown {
    return this.heard[0].you;
  }

  /** The texts of the messages, in the order of their arrival. */
  get messages(): unknown[] {
    return this.heard.filter(({ type }) => type === 'message').map(({ text }) => text);
  }

  say(text: string): void {
    this.webSocket.send(text);
  }

  /** Waits for an event of a type, with these fields, unless it has arrived. */
  async hear(type: HeardEvent['type'], fields: Readonly<Record<string, unknown>> = {}): Promise<HeardEvent> {
    for (;;) {
      const event = this.heard.find(
        (heard) => heard.type === type && Object.entries(fields).every(([field, value]) => heard[field] === value),
      );
      if (event !== undefined) {
        return event;
      }
      if (this.end !== undefined) {
        throw new Error(`The connection ended before a ${type} came: ${JSON.stringify(this.heard)}`);
      }
      await once(this.news, 'news');
    }
  }

  /** Waits for the end of the connection, unless it has ended. */
  async closed(): Promise<{ code: number; reason: string }> {
    while (this.end === undefined) {
      await once(this.news, 'news');
    }
    return this.end;
  }
}

/** Ends every open client; for `afterEach`. */
export function endChatClients(): void {
  clients.forEach(({ webSocket }) => webSocket.terminate());
  clients.clear();
}
