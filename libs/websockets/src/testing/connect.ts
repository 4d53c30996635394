import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, Server } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { WebSocket } from 'ws';
import { checkClose } from '../connection/close-handshake.js';
import type { PeerClose } from '../connection/web-socket-connection.js';
import type { WebSocketMessage } from '../connection/web-socket-message.js';
import { Inbox, type TestClient } from './test-client.js';

/** Options of `connect`. */
export interface ConnectOptions {
  /** The subprotocols that the client offers, in its order of preference. Default none. */
  readonly subprotocols?: readonly string[];
  /** Headers of the handshake, such as `Origin`, `Authorization` or `Cookie`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The server answered a handshake with an ordinary response: a guard, an origin policy or a limit refused it. */
export class HandshakeRefusedError extends Error {
  override readonly name = 'HandshakeRefusedError';

  constructor(
    path: string,
    /** The status of the response. */
    readonly status: number,
    /** The headers of the response. */
    readonly headers: IncomingMessage['headers'],
    /** The body of the response, as text. */
    readonly body: string,
  ) {
    super(`The server answered the handshake for ${path} with ${status}: ${body}`);
  }
}

/**
 * Connects a client to a real application, over the network. An application that does not listen yet listens on a free port
 * of 127.0.0.1; closing it is up to the test.
 *
 * ```ts
 * const app = module.createNestApplication();
 * useWebSockets(app);
 * const client = await connect(app, '/ws', { headers: { Authorization: 'Bearer 1' } });
 * ```
 *
 * @param path path and query, as `/rooms/7?name=Ada`
 * @throws HandshakeRefusedError when the server answers with another status than 101
 */
export async function connect(
  app: INestApplication,
  path: string,
  { subprotocols = [], headers = {} }: ConnectOptions = {},
): Promise<TestClient> {
  const server = app.getHttpServer() as Server;
  if (!server.listening) {
    await app.listen(0, '127.0.0.1');
  }
  // A development certificate is not one that the test has to trust.
  const webSocket = new WebSocket(urlOf(server, path), [...subprotocols], { headers, rejectUnauthorized: false });
  const client = new NetworkClient(webSocket);
  await new Promise<void>((resolve, reject) => {
    webSocket.once('open', resolve);
    webSocket.once('error', reject);
    webSocket.once('unexpected-response', (request, response) => {
      void readText(response).then((body) => {
        reject(new HandshakeRefusedError(path, response.statusCode ?? 0, response.headers, body));
        request.destroy();
      }, reject);
    });
  });
  return client;
}

/** A client over a connection of `ws`. */
class NetworkClient implements TestClient {
  private readonly inbox = new Inbox();

  constructor(private readonly webSocket: WebSocket) {
    webSocket.on('message', (data: Buffer, isBinary) => this.inbox.add(data, isBinary));
    webSocket.on('error', () => {}); // 'close' follows
    webSocket.on('close', (code, reason) => this.inbox.end(code, reason));
  }

  get subprotocol(): string | undefined {
    return this.webSocket.protocol || undefined;
  }

  get closed(): Promise<PeerClose> {
    return this.inbox.closed;
  }

  send(data: string | Uint8Array, { endOfMessage = true }: { readonly endOfMessage?: boolean } = {}): void {
    if (this.webSocket.readyState === WebSocket.OPEN) {
      this.webSocket.send(data, { fin: endOfMessage });
    }
  }

  receive(): Promise<WebSocketMessage> {
    return this.inbox.next();
  }

  async close(status?: number, description = ''): Promise<PeerClose> {
    checkClose(status, description);
    this.webSocket.close(status, description);
    return this.closed;
  }

  abort(): void {
    this.webSocket.terminate();
  }
}

/** The URL of a path at a server that listens. One that listens on all addresses is reached at the loopback address. */
function urlOf(server: Server, path: string): string {
  const scheme = server instanceof TlsServer ? 'wss' : 'ws';
  const address = server.address();
  if (address === null || typeof address === 'string') {
    return `${scheme}+unix:${address ?? ''}:${path}`;
  }
  const host = { '::': '[::1]', '0.0.0.0': '127.0.0.1' }[address.address];
  return `${scheme}://${host ?? (address.family === 'IPv6' ? `[${address.address}]` : address.address)}:${address.port}${path}`;
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
