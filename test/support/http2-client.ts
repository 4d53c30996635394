import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { RawClient } from './raw-client.js';

/** The headers of an extended CONNECT (RFC 8441 section 5.1), for tests that change one of them. */
export const connectHeaders = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  'sec-websocket-version': '13',
} satisfies OutgoingHttpHeaders;

const sessions = new Set<ClientHttp2Session>();

/** One HTTP/2 connection. */
export class Http2Client {
  private constructor(readonly session: ClientHttp2Session) {
    sessions.add(session);
    session.on('error', () => {});
  }

  /** Connects, and waits for the setting of the server that permits extended CONNECT (RFC 8441 section 3). */
  static async connect(url: string, ca?: string): Promise<Http2Client> {
    const session = connect(url, { ca });
    const client = new Http2Client(session);
    await once(session, 'remoteSettings');
    expect(session.remoteSettings).toMatchObject({ enableConnectProtocol: true });
    return client;
  }

  /**
   * Sends a request, and waits for the head of its answer.
   *
   * @param early bytes that are sent before the answer comes
   */
  async request(headers: OutgoingHttpHeaders, hasBody = false, early?: Uint8Array): Promise<Http2Exchange> {
    const stream = this.session.request(headers, { endStream: !hasBody });
    stream.on('error', () => {});
    if (early !== undefined) {
      stream.write(early);
    }
    const [head] = (await once(stream, 'response')) as [Record<string, string | number>];
    return new Http2Exchange(stream, head);
  }

  /** Sends an extended CONNECT. */
  connect(path: string, headers: OutgoingHttpHeaders = {}, early?: Uint8Array): Promise<Http2Exchange> {
    return this.request({ ...connectHeaders, ':path': path, ...headers }, true, early);
  }

  /** Opens a WebSocket. */
  async open(path: string, headers: OutgoingHttpHeaders = {}): Promise<Http2Exchange> {
    const exchange = await this.connect(path, headers);
    expect(exchange.head[':status']).toBe(200);
    return exchange;
  }
}

/** A request and its answer, or a WebSocket once the status is 200. */
export class Http2Exchange extends RawClient<ClientHttp2Stream> {
  constructor(
    stream: ClientHttp2Stream,
    readonly head: Readonly<Record<string, string | number>>,
  ) {
    super(stream);
  }

  get stream(): ClientHttp2Stream {
    return this.socket;
  }

  get status(): string | number | undefined {
    return this.head[':status'];
  }

  /** Reads to the end of the answer. */
  async readBody(): Promise<string> {
    return (await this.readToEnd()).toString();
  }
}

/** Ends every open connection; for `afterEach`. */
export async function endHttp2Clients(): Promise<void> {
  await Promise.all(
    Array.from(sessions, async (session) => {
      if (!session.destroyed) {
        const closed = once(session, 'close');
        session.destroy();
        await closed;
      }
    }),
  );
  sessions.clear();
}
