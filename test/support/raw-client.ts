import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { readBytes, readFrame, type ServerFrame } from '../websockets/socket-pair.js';

/** A key as RFC 6455 section 1.3 has it, and what a server makes of it. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** Headers of a request; undefined leaves one out, a list sends it more than once. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What makes a handshake, for tests that change one thing about it. */
export const handshakeHeaders = {
  Host: 'localhost',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': SAMPLE_KEY,
} satisfies Headers;

/** The bytes of a request's head. */
export function requestHead(line: string, headers: Headers): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `${line}\r\n${lines.join('')}\r\n`;
}

/** The bytes of a right handshake, but for what `changed` changes. */
export function handshake(path: string, changed: Headers = {}): string {
  return requestHead(`GET ${path} HTTP/1.1`, { ...handshakeHeaders, ...changed });
}

/** A response as it came. */
export interface RawResponse {
  readonly status: number;
  /** By name in lower case; those of one name as a list with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const clients = new Set<RawClient>();

/** A client that sends just the bytes that it is told to. */
export class RawClient {
  private constructor(readonly socket: Socket) {
    clients.add(this);
    socket.on('error', () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Connects, and shakes hands as it should be done. */
  static async open(port: number, path: string): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.write(handshake(path));
    expect((await client.readResponse()).status).toBe(101);
    return client;
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Reads one response, with a body whose length it tells or which ends with the connection. */
  async readResponse(): Promise<RawResponse> {
    const [statusLine, ...lines] = (await this.readHead()).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const length = headers['content-length'];
    const body =
      status < 200
        ? ''
        : length === undefined
          ? (await this.readToEnd()).toString()
          : (await readBytes(this.socket, Number(length))).toString();
    return { status, headers, body };
  }

  readFrame(): Promise<ServerFrame> {
    return readFrame(this.socket);
  }

  /** Reads a close frame. */
  async readClose(): Promise<{ status: number | undefined; reason: string }> {
    const { opcode, payload } = await this.readFrame();
    expect(opcode).toBe(8);
    return { status: payload.length === 0 ? undefined : payload.readUInt16BE(), reason: payload.toString('utf8', 2) };
  }

  /** Reads all that comes until the server ends its half of the connection. */
  async readToEnd(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.socket.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
  }

  /** Ends its half of the connection. */
  end(): void {
    this.socket.end();
  }

  /** Goes away as a program does that crashed: with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Goes away without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Reads up to the empty line that ends a head, which is left out. */
  private async readHead(): Promise<string> {
    let head = '';
    while (!head.endsWith('\r\n\r\n')) {
      head += (await readBytes(this.socket, 1)).toString('latin1');
    }
    return head.slice(0, -4);
  }
}

/** Ends every client that is left; for `afterEach`. */
export async function endRawClients(): Promise<void> {
  await Promise.all(
    Array.from(clients, async ({ socket }) => {
      if (!socket.closed) {
        const closed = once(socket, 'close');
        socket.destroy();
        await closed;
      }
    }),
  );
  clients.clear();
}
