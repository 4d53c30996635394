import type { Socket } from 'node:net';
import type { Connection, ConnectionListener, ConnectionOptions, Target } from './connection.js';
import { checkHandshakeResponse, handshakeRequest } from './handshake.js';
import { endSocket, openSocket, writeTo } from './open-socket.js';

/** A TCP or TLS connection and the handshake of a client; frames are left to the listener. */
export class Http1Connection implements Connection {
  private readonly socket: Socket;
  /** What has arrived of the response, until it is complete. */
  private response: string | undefined = '';
  private isReading = true;
  private hasEnded = false;

  constructor(
    target: Target,
    { offersCompression = false }: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    this.socket = openSocket(target, (bytes, length) => this.onRead(bytes, length));
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('The server closed the connection.')));
    this.write(Buffer.from(handshakeRequest(`${target.host}:${target.port}`, target.path, offersCompression)));
  }

  /** How many bytes the kernel has taken. */
  get bytesTaken(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  /** How many bytes wait to be taken by the kernel. */
  get bytesWaiting(): number {
    return this.socket.writableLength;
  }

  write(bytes: Buffer): void {
    writeTo(this.socket, bytes);
  }

  /** Stops reading with the next read. */
  pause(): void {
    this.isReading = false;
  }

  resume(): void {
    this.isReading = true;
    this.socket.resume();
  }

  destroy(): void {
    this.hasEnded = true;
    endSocket(this.socket);
  }

  private onRead(bytes: Buffer, length: number): boolean {
    try {
      if (this.response === undefined) {
        this.listener.onBytes(bytes, 0, length);
      } else {
        this.onResponse(bytes, length);
      }
    } catch (error) {
      this.fail(error as Error);
    }
    return this.isReading;
  }

  private onResponse(bytes: Buffer, length: number): void {
    const before = this.response?.length ?? 0;
    const response = `${this.response}${bytes.toString('latin1', 0, length)}`;
    const end = response.indexOf('\r\n\r\n');
    if (end === -1) {
      this.response = response;
      return;
    }
    this.response = undefined;
    this.listener.onOpen(checkHandshakeResponse(response.slice(0, end)).isCompressed);
    const rest = end + 4 - before;
    if (rest < length) {
      this.listener.onBytes(bytes, rest, length);
    }
  }

  private fail(error: Error): void {
    if (!this.hasEnded) {
      this.destroy();
      this.listener.onFailure(error);
    }
  }
}
