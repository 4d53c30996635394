import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

/** A bare `ws` server, whose behaviour the test defines. */
export interface BareServer {
  /** `ws://127.0.0.1:PORT/` */
  readonly url: string;
  readonly port: number;
  readonly server: WebSocketServer;
}

const servers = new Set<WebSocketServer>();

/** Starts a `ws` server on a free port. */
export async function startWebSocketServer(
  onConnection: (webSocket: WebSocket, request: IncomingMessage) => void,
  options: ServerOptions = {},
): Promise<BareServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  servers.add(server);
  server.on('connection', onConnection);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/`, port, server };
}

/** Echoes every message. */
export function echo(webSocket: WebSocket): void {
  webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
}

/** Closes every open server; for `afterEach`. */
export async function closeWebSocketServers(): Promise<void> {
  for (const server of servers) {
    server.clients.forEach((client) => client.terminate());
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
  servers.clear();
}
