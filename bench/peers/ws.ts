import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/* The echo of `ws`'s README, and a chat room with its broadcast loop at `/room`. */

const { TLS_CERT, TLS_KEY, COMPRESSION } = process.env;

const server =
  TLS_CERT && TLS_KEY
    ? createHttpsServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) })
    : createHttpServer();
const webSockets = new WebSocketServer({ server, perMessageDeflate: !!COMPRESSION });
let latestId = 0;

webSockets.on('connection', (socket, request) => {
  socket.on('error', () => socket.terminate());
  if (request.url === '/room') {
    joinRoom(socket);
  } else {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  }
});

function joinRoom(socket: WebSocket): void {
  const id = String(++latestId);
  socket.send(JSON.stringify({ type: 'welcome', room: 'room', you: id, name: id, members: webSockets.clients.size }));
  socket.on('message', (data: Buffer) => {
    const at = new Date().toISOString();
    const said = { type: 'message', id: String(++latestId), from: id, name: id, text: data.toString(), at };
    const text = JSON.stringify(said);
    for (const client of webSockets.clients) {
      if (client.readyState === WebSocket.OPEN) {
        client.send(text);
      }
    }
  });
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Now listening on: ${TLS_CERT ? 'https' : 'http'}://127.0.0.1:${port}\n`);
});
