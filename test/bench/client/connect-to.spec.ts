import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { openClients } from '../../../bench/client/clients.js';
import { connectTo } from '../../../bench/client/connect-to.js';
import type { Target } from '../../../bench/client/connection.js';
import { EchoRun } from '../../../bench/client/echo-run.js';
import { HandshakeRun } from '../../../bench/client/handshake-run.js';
import { MessageRing } from '../../../bench/client/message-ring.js';
import type { EchoLoad, HandshakeLoad } from '../../../bench/loads.js';
import { makeCertificateFiles, removeFolders, startHttpsApp } from '../../support/https-app.js';
import { closeApps, startApp, type RunningApp } from '../../support/start-app.js';

const load: EchoLoad = {
  suite: 'https',
  kind: 'echo',
  name: 'test',
  title: 'test',
  connections: 5,
  inFlight: 3,
  message: { size: 3000, content: 'text' },
};

const target = (url: string, protocol: Target['protocol'], path = '/ws'): Target => {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port), path, protocol, takesEvents: false };
};

const ring = new MessageRing(load.message, false);
const startAs = (protocol: Target['protocol']): Promise<RunningApp> =>
  protocol === 'http' ? startApp() : startHttpsApp();

afterEach(closeApps);
afterAll(removeFolders);

/** Runs a load until so many messages have come back, or it has failed to bring them. */
async function run(of: EchoRun | HandshakeRun, messages: number) {
  await of.start();
  const tooLong = AbortSignal.timeout(20_000);
  while (of.progress().messages < messages && !tooLong.aborted) {
    await setImmediate();
  }
  return of.finish();
}

describe.each<Target['protocol']>(['http', 'https', 'h2'])('connectTo over %s', (protocol) => {
  it.each([
    ['small messages', { size: 32, content: 'text' }],
    ['fragments', { size: 5000, content: 'text', fragmentSize: 100 }],
    ['messages that are larger than the windows of HTTP/2', { size: 300_000, content: 'binary' }],
  ] as const)('carries %s, byte by byte', async (_, message) => {
    const { url } = await startAs(protocol);
    const outcome = await run(new EchoRun({ ...load, message }, target(url, protocol)), 200);
    expect(outcome).toEqual({ failures: 0 });
  });

  it('connects, shakes hands and closes, again and again', async () => {
    const { url } = await startAs(protocol);
    const handshakes: HandshakeLoad = { ...load, kind: 'handshakes' };
    expect(await run(new HandshakeRun(handshakes, target(url, protocol)), 50)).toEqual({ failures: 0 });
  });

  it('fails where the server accepts no WebSocket', async () => {
    const { url } = await startAs(protocol);
    await expect(openClients(connectTo(target(url, protocol, '/nowhere')), ring, 1)).rejects.toThrow(
      /^The server sent .* instead of a handshake\.$/,
    );
  });

  it('fails where nobody listens', async () => {
    const { url, close } = await startAs(protocol);
    await close();
    await expect(openClients(connectTo(target(url, protocol)), ring, 1)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('connectTo over HTTP/2', () => {
  let server: Http2SecureServer | undefined;
  const sockets = new Set<Socket>();

  async function serve(enableConnectProtocol: boolean, onStream: (stream: ServerHttp2Stream) => void) {
    const { cert, key } = await makeCertificateFiles();
    const [certText, keyText] = await Promise.all([readFile(cert), readFile(key)]);
    server = createSecureServer({ cert: certText, key: keyText, settings: { enableConnectProtocol } });
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      onStream(stream);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return target(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, 'h2');
  }

  const cut = () => sockets.forEach((socket) => socket.destroy());

  afterEach(() => {
    server?.close();
    cut();
    sockets.clear();
  });

  it('has four WebSockets on a connection', async () => {
    const { app, url } = await startHttpsApp();
    const sessions: unknown[] = [];
    app.getHttpServer().on('session', (session: unknown) => sessions.push(session));
    await openClients(connectTo(target(url, 'h2')), ring, 9);
    expect(sessions).toHaveLength(3);
  });

  it('fails where the server does not take extended CONNECTs', async () => {
    const to = await serve(false, () => {});
    await expect(openClients(connectTo(to), ring, 1)).rejects.toThrow('no SETTINGS_ENABLE_CONNECT_PROTOCOL');
  });

  it.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    ['resets a stream', (stream) => stream.destroy(new Error('a bug')), 'The server reset a stream with code 2.'],
    ['ends a stream', (stream) => stream.end(), 'The server closed the connection.'],
    ['leaves', (stream) => stream.session?.goaway(), 'The server sent GOAWAY.'],
    ['cuts the connection', cut, 'The server closed the connection.'],
  ])('tells the client when the server %s', async (_, end, failure) => {
    const to = await serve(true, (stream) => {
      stream.respond({ ':status': 200 });
      stream.once('data', () => end(stream));
    });
    const [client] = await openClients(connectTo(to), ring, 1);
    client.send(1);
    await client.allEchoed();
    expect(client.failure?.message).toBe(failure);
  });

  it('fails one stream only where that one is wrong', async () => {
    const to = await serve(true, (stream) => {
      stream.respond({ ':status': 200 });
      stream.once('data', () => stream.write(Buffer.from([0xff, 0])));
    });
    const [first, second] = await openClients(connectTo(to), ring, 2);
    first.send(1);
    await first.allEchoed();
    expect(first.failure?.message).toContain('a reserved bit');
    expect(second.failure).toBeUndefined();
  });
});
