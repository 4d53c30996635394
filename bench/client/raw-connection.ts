import { connect, type Socket } from 'node:net';
import { checkHandshakeResponse, handshakeRequest } from './handshake.js';

/** Where the server under test is, and what it is. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Whether it echoes only the events of Nest's stock gateways. */
  readonly takesEvents: boolean;
}

export interface ConnectionOptions {
  readonly offersCompression?: boolean;
  /** Where the connection comes from: one address has only so many ports. */
  readonly localAddress?: string;
}

/** Is told of what happens on a connection. */
export interface ConnectionListener {
  /** The handshake is done. */
  onOpen(isCompressed: boolean): void;
  /** Bytes from `start` to `end`, which are there during the call only. */
  onBytes(bytes: Buffer, start: number, end: number): void;
  /** The connection has ended, and nobody here ended it; or the listener has thrown. */
  onFailure(error: Error): void;
}

/** What all connections read into: each read is dealt with before the next one. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** The TCP connection and the handshake of a client; frames are left to the listener. */
export class RawConnection {
  private readonly socket: Socket;
  /** What has arrived of the response, until it is complete. */
  private response: string | undefined = '';
  private isReading = true;
  private hasEnded = false;

  constructor(
    { host, port, path }: Target,
    { offersCompression = false, localAddress }: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    const onread = { buffer: readBuffer, callback: (length: number) => this.onRead(length) };
    this.socket = connect({ host, port, localAddress, noDelay: true, onread });
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('The server closed the connection.')));
    this.socket.write(handshakeRequest(`${host}:${port}`, path, offersCompression));
  }

  /** How many bytes the kernel has taken. */
  get bytesTaken(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  /** How many bytes wait to be taken by the kernel. */
  get bytesWaiting(): number {
    return this.socket.writableLength;
  }

  /** The bytes must not change until they are sent. */
  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Stops reading with the next read. */
  pause(): void {
    this.isReading = false;
  }

  resume(): void {
    this.isReading = true;
    this.socket.resume();
  }

  /** Ends the connection with a reset, which leaves no port waiting. */
  destroy(): void {
    this.hasEnded = true;
    this.socket.resetAndDestroy();
  }

  private onRead(length: number): boolean {
    try {
      if (this.response === undefined) {
        this.listener.onBytes(readBuffer, 0, length);
      } else {
        this.onResponse(length);
      }
    } catch (error) {
      this.fail(error as Error);
    }
    return this.isReading;
  }

  private onResponse(length: number): void {
    const before = this.response?.length ?? 0;
    const response = `${this.response}${readBuffer.toString('latin1', 0, length)}`;
    const end = response.indexOf('\r\n\r\n');
    if (end === -1) {
      this.response = response;
      return;
    }
    this.response = undefined;
    this.listener.onOpen(checkHandshakeResponse(response.slice(0, end)).isCompressed);
    const rest = end + 4 - before;
    if (rest < length) {
      this.listener.onBytes(readBuffer, rest, length);
    }
  }

  private fail(error: Error): void {
    if (!this.hasEnded) {
      this.destroy();
      this.listener.onFailure(error);
    }
  }
}
