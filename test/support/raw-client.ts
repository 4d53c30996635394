import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { readBytes, readFrame, type ServerFrame } from './socket-pair.js';

/** The key in the example of RFC 6455 section 1.3, and the answer of a server to it. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** Headers of a request; undefined leaves one out, a list sends it more than once. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers of a valid handshake, for tests that change one of them. */
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

/** The bytes of a valid handshake, with these headers changed. */
export function handshake(path: string, changed: Headers = {}): string {
  return requestHead(`GET ${path} HTTP/1.1`, { ...handshakeHeaders, ...changed });
}

/** A response. */
export interface RawResponse {
  readonly status: number;
  /** By name in lower case. The values of one name are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const clients = new Set<RawClient<Duplex>>();

/**
 * A client that sends exactly the bytes that a test gives it, and reads only when the test asks: over TCP, or over any
 * other stream (TLS, an HTTP/2 stream, a connection in memory).
 */
export class RawClient<S extends Duplex = Socket> {
  constructor(readonly socket: S) {
    clients.add(this);
    socket.on('error', () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Connects over TCP, and makes a valid handshake. */
  static async open(port: number, path: string): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.upgrade(path);
    return client;
  }

  /**
   * Makes a valid HTTP/1.1 handshake, with these headers changed, and expects 101.
   *
   * @param early bytes that are sent together with it
   */
  async upgrade(path: string, changed: Headers = {}, early: Uint8Array = Buffer.alloc(0)): Promise<RawResponse> {
    this.write(Buffer.concat([Buffer.from(handshake(path, changed)), early]));
    const response = await this.readResponse();
    expect(response.status).toBe(101);
    return response;
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Resolves when the transport has taken the bytes, or has failed. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  /** Sends the bytes in pieces, with a turn of the event loop between, so that the server reads them one by one. */
  async sendInPieces(bytes: Uint8Array, size: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      await this.send(bytes.subarray(at, at + size));
      await setImmediate();
    }
  }

  /** Reads one response. Its body has a Content-Length, or ends with the connection. */
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
          : (await this.readBytes(Number(length))).toString();
    return { status, headers, body };
  }

  /** Reads exactly `length` bytes. Rejects when the connection ends before. */
  readBytes(length: number): Promise<Buffer> {
    return readBytes(this.socket, length);
  }

  readFrame(): Promise<ServerFrame> {
    return readFrame(this.socket);
  }

  /** Reads a message of one frame as text. */
  async readText(): Promise<string> {
    return (await this.readFrame()).payload.toString();
  }

  /** Reads a close frame. */
  async readClose(): Promise<{ status: number | undefined; reason: string }> {
    const { opcode, payload } = await this.readFrame();
    expect(opcode).toBe(8);
    return { status: payload.length === 0 ? undefined : payload.readUInt16BE(), reason: payload.toString('utf8', 2) };
  }

  /** Reads until the server ends its half of the connection. Rejects when the connection is cut instead. */
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

  /** Ends the connection with a reset, as a crash does. */
  reset(this: RawClient): void {
    this.socket.resetAndDestroy();
  }

  /** Closes the connection without a close frame. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Reads the head, without the empty line that ends it. */
  private async readHead(): Promise<string> {
    let head = '';
    while (!head.endsWith('\r\n\r\n')) {
      head += (await this.readBytes(1)).toString('latin1');
    }
    return head.slice(0, -4);
  }
}

/** Ends every open client; for `afterEach`. */
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
