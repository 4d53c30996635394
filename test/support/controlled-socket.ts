import type { Socket } from '../../client/page/connection/connection.js';

/** A socket of the browser, whose events the test causes. */
export class ControlledSocket implements Socket {
  binaryType = 'blob';
  bufferedAmount = 0;
  protocol = 'chat';
  /** The calls of `send` and `close`, with their arguments. */
  readonly calls: unknown[][] = [];
  private readonly listeners = new Map<string, (event: never) => void>();

  addEventListener(kind: string, listener: (event: never) => void): void {
    this.listeners.set(kind, listener);
  }

  send(...data: unknown[]): void {
    this.calls.push(['send', ...data]);
  }

  close(...details: unknown[]): void {
    this.calls.push(['close', ...details]);
  }

  cause(kind: 'open' | 'message' | 'close', event: object = {}): void {
    this.listeners.get(kind)?.(event as never);
  }
}
