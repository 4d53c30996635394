import type { Connection, ConnectionListener } from './connection.js';
import { checkConnectResponse } from './http2-headers.js';
import { ReceiveWindow } from './receive-window.js';

/** What a stream wants of its connection. */
export interface Http2Sender {
  /** To be asked for bytes, as soon as there is room for them. */
  send(stream: Http2Stream): void;
  end(stream: Http2Stream): void;
}

/** A WebSocket that is a stream of an HTTP/2 connection (RFC 8441). */
export class Http2Stream implements Connection {
  /** How many bytes the server has room for on this stream. */
  sendWindow: number;
  private readonly unsent: Buffer[] = [];
  private readonly receiveWindow: ReceiveWindow;
  private hasEnded = false;

  constructor(
    readonly number: number,
    windows: { readonly send: number; readonly receive: number },
    private readonly sender: Http2Sender,
    private readonly listener: ConnectionListener,
  ) {
    this.sendWindow = windows.send;
    this.receiveWindow = new ReceiveWindow(windows.receive);
  }

  write(bytes: Buffer): void {
    this.unsent.push(bytes);
    this.sender.send(this);
  }

  destroy(): void {
    this.hasEnded = true;
    this.sender.end(this);
  }

  /** @returns what is to be sent next; undefined where there is nothing, or no room for it on this stream */
  takeUnsent(most: number): Buffer | undefined {
    const length = Math.min(most, this.sendWindow);
    const bytes = this.unsent.at(0);
    if (bytes === undefined || length <= 0) {
      return undefined;
    }
    const piece = bytes.subarray(0, length);
    if (piece.length === bytes.length) {
      this.unsent.shift();
    } else {
      this.unsent[0] = bytes.subarray(length);
    }
    this.sendWindow -= piece.length;
    return piece;
  }

  onResponse(headers: Buffer): void {
    this.guard(() => {
      checkConnectResponse(headers);
      this.listener.onOpen(false);
    });
  }

  /** @returns how many bytes to give back to the server */
  onData(bytes: Buffer, start: number, end: number): number {
    this.guard(() => this.listener.onBytes(bytes, start, end));
    return this.receiveWindow.receive(end - start);
  }

  fail(error: Error): void {
    if (!this.hasEnded) {
      this.destroy();
      this.listener.onFailure(error);
    }
  }

  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.fail(error as Error);
    }
  }
}
