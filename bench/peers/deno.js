const { Deno } = globalThis;

Deno.serve({
  hostname: '127.0.0.1',
  port: 0,
  onListen: ({ port }) => process.stdout.write(`Now listening on: http://127.0.0.1:${port}\n`),
  handler: (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => socket.send(data));
    return response;
  },
});
