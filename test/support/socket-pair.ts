import type { Duplex } from 'node:stream';
import { MemorySocket } from '../../libs/websockets/src/testing/memory-socket.js';
import type { DeflateParameters } from '../../libs/websockets/src/protocol/permessage-deflate.js';
import { resolveWebSocketOptions, type WebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';
import { ServerConnection, type AcceptedHandshake } from '../../libs/websockets/src/connection/server-connection.js';

/** One end of a connection in memory that records how many bytes each write has: what a system call costs. */
class SocketEnd extends MemorySocket {
  readonly writes: number[] = [];

  protected override deliver(bytes: Buffer, done: () => void): void {
    this.writes.push(bytes.length);
    super.deliver(bytes, done);
  }
}

/** The raw end of a client beside the server's connection. */
export interface ConnectedPair {
  readonly client: SocketEnd;
  readonly server: SocketEnd;
  readonly connection: ServerConnection;
}

/** A connection in memory, after its handshake. */
export function connect(
  options: WebSocketOptions = {},
  handshake: Partial<AcceptedHandshake> = {},
  deflate?: DeflateParameters,
): ConnectedPair {
  const client = new SocketEnd();
  const server = new SocketEnd();
  MemorySocket.join(client, server);
  const accepted: AcceptedHandshake = { path: '/', httpVersion: '1.1', remoteAddress: '127.0.0.1', ...handshake };
  client.on('error', () => {});
  return {
    client,
    server,
    connection: new ServerConnection(server, resolveWebSocketOptions(options), accepted, deflate),
  };
}

/** Reads exactly `length` bytes. Rejects when the other end ends before. */
export async function readBytes(socket: Duplex, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let missing = length;
  while (missing > 0) {
    // Never more than is buffered: Node.js would emit `readable` again and again, and the other end would not get its turn.
    const bytes = socket.read(Math.min(missing, socket.readableLength)) as Buffer | null;
    if (bytes !== null) {
      chunks.push(bytes);
      missing -= bytes.length;
    } else if (socket.readableEnded || socket.destroyed) {
      throw new Error(`The connection ended after ${length - missing} of ${length} bytes`);
    } else {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          socket.off('readable', wake).off('end', wake).off('close', wake);
          resolve();
        };
        socket.on('readable', wake).on('end', wake).on('close', wake);
      });
    }
  }
  return Buffer.concat(chunks);
}

/** A frame of a server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

/** Reads one frame. Expects it to be unmasked, and without reserved bits except RSV1 for compressed data. */
export async function readFrame(socket: Duplex, { compressed = false } = {}): Promise<ServerFrame> {
  const [first, second] = await readBytes(socket, 2);
  expect(first & 0x70).toBe(compressed ? 0x40 : 0);
  expect(second & 0x80).toBe(0);
  let length = second;
  if (second === 126) {
    length = (await readBytes(socket, 2)).readUInt16BE();
    expect(length).toBeGreaterThan(125);
  } else if (second === 127) {
    length = Number((await readBytes(socket, 8)).readBigUInt64BE());
    expect(length).toBeGreaterThan(65535);
  }
  return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, payload: await readBytes(socket, length) };
}
