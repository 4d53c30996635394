import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: !!process.env.COMPRESSION });

server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});

server.on('listening', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Now listening on: http://127.0.0.1:${port}\n`);
});
