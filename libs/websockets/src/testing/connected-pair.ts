import type { EventEmitter } from 'node:events';
import type { Duplex, Writable } from 'node:stream';
import * as ws from 'ws';
import { checkClose } from '../connection/close-handshake.js';
import { ServerConnection, type AcceptedHandshake } from '../connection/server-connection.js';
import type { PeerClose, WebSocketConnection } from '../connection/web-socket-connection.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import type { WebSocketMessage } from '../connection/web-socket-message.js';
import {
  CONNECTION_DEFAULTS,
  resolveConnectionOptions,
  type WebSocketConnectionOptions,
} from '../connection/web-socket-options.js';
import { ABNORMAL_CLOSURE, NO_STATUS_RECEIVED } from '../protocol/close-status.js';
import { MemorySocket } from './memory-socket.js';
import { Inbox, type TestClient } from './test-client.js';

/** `ws` makes and parses the client's frames. Its typings leave these classes out. */
const { Receiver, Sender } = ws as unknown as {
  Receiver: new (options: { isServer: boolean }) => Writable & EventEmitter;
  Sender: new (socket: Duplex) => {
    send(data: string | Uint8Array, options: { binary: boolean; fin: boolean; mask: boolean; compress: boolean }): void;
    pong(data: Buffer, mask: boolean): void;
    close(code: number | undefined, reason: string, mask: boolean): void;
  };
};

/** Options of `connectedPair`: what the handshake would tell, and the options of the connection. */
export interface ConnectedPairOptions extends Omit<
  WebSocketConnectionOptions,
  'dangerousEnableCompression' | 'disableServerContextTakeover' | 'serverMaxWindowBits'
> {
  /** The path and query of the request. Default `/`. */
  readonly path?: string;
  /** The version of HTTP. Default `1.1`. */
  readonly httpVersion?: '1.1' | '2';
  /** The address of the client. Default `127.0.0.1`. */
  readonly remoteAddress?: string;
  /** The subprotocol that was agreed on. Default none. */
  readonly subprotocol?: string;
}

/** Both ends of a WebSocket in memory. */
export interface ConnectedPair {
  /** The server's end, which a handler is given. */
  readonly webSocket: WebSocketConnection;
  /** The client's end, by which the test talks to the handler. */
  readonly client: TestClient;
}

/**
 * Connects a `WebSocketConnection` with a client in memory, so that a handler is tested without a socket or a server. All
 * of it works as over a network: backpressure, the close handshake, keep-alive, limits.
 *
 * ```ts
 * const { webSocket, client } = connectedPair({ path: '/rooms/7' });
 * const handled = new EchoGateway().handleWebSocket(webSocket);
 * client.send('Hi');
 * expect(await client.receive()).toEqual({ type: 'text', data: 'Hi' });
 * await client.close(1000);
 * await handled;
 * ```
 *
 * @throws WebSocketError `WS_INVALID_OPTION`
 */
export function connectedPair(options: ConnectedPairOptions = {}): ConnectedPair {
  const { path = '/', httpVersion = '1.1', remoteAddress = '127.0.0.1', subprotocol, ...others } = options;
  const resolved = resolveConnectionOptions(others, CONNECTION_DEFAULTS, 'connectedPair()');
  if (resolved.dangerousEnableCompression) {
    const message = 'connectedPair(): dangerousEnableCompression is true, but a pair in memory does not compress.';
    throw new WebSocketError('WS_INVALID_OPTION', message);
  }
  const [socket, clientSocket] = [new MemorySocket(), new MemorySocket()];
  MemorySocket.join(socket, clientSocket);
  const handshake: AcceptedHandshake = { path, httpVersion, remoteAddress, subprotocol };
  return {
    webSocket: new ServerConnection(socket, resolved, handshake),
    client: new MemoryClient(clientSocket, subprotocol),
  };
}

/** A client over one end of a connection in memory. */
class MemoryClient implements TestClient {
  private readonly inbox = new Inbox();
  private readonly sender;
  private isClosing = false;

  constructor(
    private readonly socket: Duplex,
    readonly subprotocol: string | undefined,
  ) {
    this.sender = new Sender(socket);
    const receiver = new Receiver({ isServer: false });
    let close: [code: number, reason: Buffer | string] = [ABNORMAL_CLOSURE, ''];
    receiver.on('message', (data: Buffer, isBinary: boolean) => this.inbox.add(data, isBinary));
    receiver.on('ping', (data: Buffer) => this.isClosing || this.sender.pong(data, true));
    receiver.on('conclude', (code: number, reason: Buffer) => {
      close = [code, reason];
      this.sendClose(code === NO_STATUS_RECEIVED ? undefined : code, reason.toString());
      socket.end();
    });
    receiver.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => receiver.write(bytes));
    socket.on('end', () => socket.end());
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.inbox.end(...close));
  }

  get closed(): Promise<PeerClose> {
    return this.inbox.closed;
  }

  send(data: string | Uint8Array, { endOfMessage = true }: { readonly endOfMessage?: boolean } = {}): void {
    if (!this.isClosing) {
      this.sender.send(data, { binary: typeof data !== 'string', fin: endOfMessage, mask: true, compress: false });
    }
  }

  receive(): Promise<WebSocketMessage> {
    return this.inbox.next();
  }

  async close(status?: number, description = ''): Promise<PeerClose> {
    checkClose(status, description);
    this.sendClose(status, description);
    return this.closed;
  }

  abort(): void {
    this.socket.destroy();
  }

  private sendClose(status: number | undefined, description: string): void {
    if (!this.isClosing) {
      this.isClosing = true;
      this.sender.close(status, description, true);
    }
  }
}
