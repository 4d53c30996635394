/** Where a connection is in its life. `ready` is before the first attempt; the others are the WebSocket's own states. */
export type ConnectionState = 'ready' | 'connecting' | 'open' | 'closing' | 'closed';

/** What a {@link Connection} tells the page. */
export interface ConnectionListener {
  /** The state is another one, or an attempt has failed and left it as it was. */
  onStateChanged(state: ConnectionState): void;
  onOpened(): void;
  onReceived(message: string | ArrayBuffer): void;
  /** The WebSocket to `url` could not be made. `onClosed` follows if the browser had begun to connect. */
  onFailed(url: string, why: string): void;
  onClosed(code: number, reason: string): void;
}

const STATES: Record<number, ConnectionState> = {
  [WebSocket.CONNECTING]: 'connecting',
  [WebSocket.OPEN]: 'open',
  [WebSocket.CLOSING]: 'closing',
  [WebSocket.CLOSED]: 'closed',
};

/** One WebSocket after another: a new one can be opened when the last has closed. */
export class Connection {
  readonly #listener: ConnectionListener;
  #socket: WebSocket | undefined;

  constructor(listener: ConnectionListener) {
    this.#listener = listener;
  }

  get state(): ConnectionState {
    return (this.#socket && STATES[this.#socket.readyState]) ?? 'ready';
  }

  /** Begins to connect. What comes of it, a refusal by the browser included, is told to the listener. */
  open(url: string): void {
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch (error) {
      this.#listener.onFailed(url, whyNotAttempted(error));
      this.#listener.onStateChanged(this.state);
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';

    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
      this.#listener.onStateChanged(this.state);
      this.#listener.onOpened();
    });
    socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
      this.#listener.onReceived(event.data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.#listener.onStateChanged(this.state);
      if (!opened) {
        this.#listener.onFailed(url, WHY_NOT_OPENED);
      }
      this.#listener.onClosed(code, reason);
    });
    this.#listener.onStateChanged(this.state);
  }

  /** Sends a text message. The connection has to be open. */
  send(text: string): void {
    this.#socket?.send(text);
  }

  /** Begins the close handshake. */
  close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
    this.#listener.onStateChanged(this.state);
  }
}

// Scripts are not told more than "error" and 1006: otherwise any web page could scan the network that its reader is in.
const WHY_NOT_OPENED =
  'No server answered there, it is no WebSocket endpoint, its certificate is not trusted, or it refused this page. ' +
  'Browsers do not tell pages which; the developer tools (F12) say more.';

function whyNotAttempted(error: unknown): string {
  if (error instanceof DOMException && error.name === 'SecurityError') {
    return 'The browser does not allow it. A page that came over https can only open wss:// URLs, and some ports are blocked.';
  }
  return error instanceof Error ? error.message : String(error);
}
