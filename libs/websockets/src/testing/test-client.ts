import type { PeerClose } from '../connection/web-socket-connection.js';
import type { WebSocketMessage } from '../connection/web-socket-message.js';
import { NO_STATUS_RECEIVED } from '../protocol/close-status.js';

/** The client's end of a WebSocket in a test. It keeps the messages that arrive until `receive` asks for them. */
export interface TestClient {
  /** The subprotocol that was agreed on, if any. */
  readonly subprotocol: string | undefined;
  /**
   * The server's close frame, once the connection has ended; status 1006 when it ended without one (RFC 6455 section
   * 7.1.5). Never rejects.
   */
  readonly closed: Promise<PeerClose>;

  /**
   * Sends a message or a part of one: text for a string, binary for bytes. Nothing is sent once the connection is closing.
   *
   * @param options `endOfMessage`: false when more parts of the message follow; default true
   */
  send(data: string | Uint8Array, options?: { readonly endOfMessage?: boolean }): void;

  /**
   * The next message of the server, in order.
   *
   * @throws Error when the connection has ended and all messages were received; it says with which status
   */
  receive(): Promise<WebSocketMessage>;

  /** Sends a close frame, and resolves with that of the server as `closed` does. */
  close(status?: number, description?: string): Promise<PeerClose>;

  /** Ends the connection without a close frame, as a client does that crashes. */
  abort(): void;
}

interface PendingReceive {
  readonly resolve: (message: WebSocketMessage) => void;
  readonly reject: (error: Error) => void;
}

/** The messages that have arrived at a client, and how its connection ended. */
export class Inbox {
  readonly closed: Promise<PeerClose>;
  private resolveClosed!: (close: PeerClose) => void;
  private readonly messages: WebSocketMessage[] = [];
  private readonly pending: PendingReceive[] = [];
  private ending: PeerClose | undefined;

  constructor() {
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
  }

  /** Adds a message as `ws` hands it on. */
  add(data: Buffer, isBinary: boolean): void {
    const message: WebSocketMessage = isBinary ? { type: 'binary', data } : { type: 'text', data: data.toString() };
    const pending = this.pending.shift();
    if (pending === undefined) {
      this.messages.push(message);
    } else {
      pending.resolve(message);
    }
  }

  /** Takes the next message, or waits for it. */
  next(): Promise<WebSocketMessage> {
    return new Promise((resolve, reject) => {
      const message = this.messages.shift();
      if (message !== undefined) {
        resolve(message);
      } else if (this.ending === undefined) {
        this.pending.push({ resolve, reject });
      } else {
        reject(noMessage(this.ending));
      }
    });
  }

  /** The connection has ended. @param code as `ws` has it: 1005 for a close frame without a status */
  end(code: number, reason: Buffer | string): void {
    const ending = { status: code === NO_STATUS_RECEIVED ? undefined : code, description: reason.toString() };
    this.ending = ending;
    this.pending.splice(0).forEach(({ reject }) => reject(noMessage(ending)));
    this.resolveClosed(ending);
  }
}

function noMessage({ status, description }: PeerClose): Error {
  const reason = description === '' ? '' : `, ${JSON.stringify(description)}`;
  return new Error(
    `No message arrived: the connection has ended with the status ${status ?? NO_STATUS_RECEIVED}${reason}.`,
  );
}
