import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { RoomEvent } from '../envelope.js';

/* A chat room as people write it with `ws`: the loop of its README, around what `send` makes of a text. */

const server = createServer();
const webSockets = new WebSocketServer({ server });
let latestId = 0;

webSockets.on('connection', (socket) => {
  const id = String(++latestId);
  send(socket, { type: 'welcome', room: 'lobby', you: id, name: id, members: webSockets.clients.size });
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer) => {
    const at = new Date().toISOString();
    broadcast({ type: 'message', id: String(++latestId), from: id, name: id, text: data.toString(), at });
  });
});

function broadcast(event: RoomEvent): void {
  const text = JSON.stringify(event);
  for (const client of webSockets.clients) {
    if (client.readyState === WebSocket.OPEN) {
      client.send(text);
    }
  }
}

function send(socket: WebSocket, event: RoomEvent): void {
  socket.send(JSON.stringify(event));
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Now listening on: http://127.0.0.1:${port}\n`);
});
