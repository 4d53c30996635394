const server = globalThis.Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('Not a WebSocket', { status: 400 })),
  websocket: {
    perMessageDeflate: !!process.env.COMPRESSION,
    maxPayloadLength: 128 * 1024 * 1024,
    backpressureLimit: 256 * 1024 * 1024,
    message: (webSocket, message) => webSocket.send(message, !!process.env.COMPRESSION),
  },
});
process.stdout.write(`Now listening on: http://127.0.0.1:${server.port}\n`);
