import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { EchoRun } from '../../../bench/client/echo-run.js';
import type { EchoLoad } from '../../../bench/loads.js';

const load: EchoLoad = {
  suite: 'http',
  kind: 'echo',
  name: 'test',
  title: 'test',
  connections: 3,
  inFlight: 4,
  message: { size: 3000, content: 'text', fragmentSize: 1000 },
};

/** Runs the load against a server that echoes with `reply`, until that has been called often. */
async function run({ message, ...rest }: EchoLoad, reply: (socket: WebSocket, data: RawData, count: number) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
  await once(server, 'listening');
  const enough = new Promise<void>((resolve) => {
    let count = 0;
    server.on('connection', (socket) => {
      socket.on('close', () => resolve());
      socket.on('message', (data) => {
        reply(socket, data, ++count);
        if (count === 500) {
          resolve();
        }
      });
    });
  });
  const { port } = server.address() as AddressInfo;
  const echoRun = new EchoRun(
    { ...rest, message },
    { host: '127.0.0.1', port, path: '/', protocol: 'http', takesEvents: false },
  );
  const isSupported = await echoRun.start();
  await enough;
  const outcome = await echoRun.finish();
  server.close();
  return { isSupported, outcome, progress: echoRun.progress() };
}

const echo = (socket: WebSocket, data: RawData) => socket.send(data, { binary: false });

describe('EchoRun', () => {
  it('finds nothing wrong with an echo', async () => {
    const { outcome, progress } = await run(load, echo);
    expect(outcome).toEqual({ failures: 0 });
    expect(progress.messages).toBeGreaterThanOrEqual(500);
    expect(progress.latency.p50).toBeGreaterThan(0);
  });

  it('compresses where the load wants it', async () => {
    const { isSupported, outcome } = await run({ ...load, message: { ...load.message, isCompressed: true } }, echo);
    expect(isSupported).toBe(true);
    expect(outcome).toEqual({ failures: 0 });
  });

  it('finds one wrong byte', async () => {
    const { outcome } = await run(load, (socket, data, count) => {
      const bytes = Buffer.from(data as Buffer);
      if (count === 100) {
        bytes[2999] ^= 1;
      }
      echo(socket, bytes);
    });
    expect(outcome).toEqual({ failures: 1, firstFailure: 'The server sent other bytes than it was sent.' });
  });

  it('finds a message that comes twice', async () => {
    const { outcome } = await run(load, (socket, data, count) => {
      echo(socket, data);
      if (count === 100) {
        echo(socket, data);
      }
    });
    expect(outcome.failures).toBe(1);
  });

  it('finds a connection that is closed', async () => {
    const { outcome } = await run(load, (socket, data, count) => (count === 100 ? socket.close() : echo(socket, data)));
    expect(outcome).toEqual({ failures: 1, firstFailure: 'The server sent a close frame that was not asked for.' });
  });
});
