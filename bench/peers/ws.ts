import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/* The echo and the broadcast of `ws`'s README; the broadcast is at `/room`. */

const { TLS_CERT, TLS_KEY, COMPRESSION } = process.env;

const server =
  TLS_CERT && TLS_KEY
    ? createHttpsServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) })
    : createHttpServer();
const webSockets = new WebSocketServer({ server, perMessageDeflate: !!COMPRESSION });

webSockets.on('connection', (socket, request) => {
  socket.on('message', (data, isBinary) => {
    const receivers = request.url === '/room' ? webSockets.clients : [socket];
    for (const receiver of receivers) {
      if (receiver.readyState === WebSocket.OPEN) {
        receiver.send(data, { binary: isBinary });
      }
    }
  });
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Now listening on: ${TLS_CERT ? 'https' : 'http'}://127.0.0.1:${port}\n`);
});
