import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { readBytes } from './socket-pair.js';

/** A frame (RFC 9113 section 4.1). */
export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Types of frames (RFC 9113 section 6). */
export const frameTypes = { data: 0, headers: 1, rstStream: 3, settings: 4 };

const END_HEADERS = 4;
const NOTHING = Buffer.alloc(0);

/** An HTTP/2 connection for invalid requests, which `node:http2` does not send. */
export class Http2FrameClient {
  private constructor(private readonly socket: TLSSocket) {}

  static async connect(url: string, ca: string): Promise<Http2FrameClient> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), ca, ALPNProtocols: ['h2'] });
    await once(socket, 'secureConnect');
    const client = new Http2FrameClient(socket);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    client.send({ type: frameTypes.settings, flags: 0, stream: 0, payload: Buffer.alloc(0) });
    return client;
  }

  /** Sends the head of a request, without undefined fields, and leaves the stream open. */
  request(stream: number, headers: Readonly<Record<string, string | undefined>>): void {
    const isPseudo = ([name]: [string, unknown]): boolean => name.startsWith(':');
    const fields = Object.entries(headers);
    // Pseudo-headers come first (RFC 9113 section 8.3).
    const sorted = [...fields.filter(isPseudo), ...fields.filter((field) => !isPseudo(field))];
    const payload = Buffer.concat(
      sorted.map(([name, value]) => (value === undefined ? NOTHING : literal(name, value))),
    );
    this.send({ type: frameTypes.headers, flags: END_HEADERS, stream, payload });
  }

  /** Reads the next frame of a stream. */
  async readFrameOf(stream: number): Promise<Http2Frame> {
    for (;;) {
      const head = await readBytes(this.socket, 9);
      const payload = await readBytes(this.socket, head.readUIntBE(0, 3));
      if (head.readUInt32BE(5) === stream) {
        return { type: head[3], flags: head[4], stream, payload };
      }
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  private send({ type, flags, stream, payload }: Http2Frame): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.socket.write(Buffer.concat([head, payload]));
  }
}

/** A field that is not indexed (RFC 7541 section 6.2.2), of less than 127 bytes. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}
