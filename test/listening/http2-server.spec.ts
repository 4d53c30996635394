import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2ServerResponse,
  type SessionOptions,
} from 'node:http2';
import {
  connect as connectSocket,
  createServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { createHttp2Server } from '../../src/listening/http2-server.js';
import { connectHeaders } from '../support/http2-client.js';

describe('The HTTP/2 server', () => {
  let application: Server;
  let net: NetServer;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    application = createHttpServer();
    application.on('connect', (_request, response: unknown) => (response as Http2ServerResponse).stream.respond());
    const http2 = createHttp2Server(application);
    net = createServer((socket) => http2.emit('connection', socket)).listen(0, '127.0.0.1');
    await once(net, 'listening');
    session = connect(`http://127.0.0.1:${(net.address() as AddressInfo).port}`);
    await once(session, 'remoteSettings');
  });

  afterEach(async () => {
    session.destroy();
    net.close();
    await once(net, 'close');
  });

  const openStream = (): ClientHttp2Stream =>
    session.request({ ...connectHeaders, ':path': '/' }, { endStream: false }).on('error', () => {});

  it('has the flow control windows of ASP.NET Core', async () => {
    expect(session.remoteSettings).toMatchObject({ enableConnectProtocol: true, initialWindowSize: 768 * 1024 });
    const stream = openStream();
    await once(stream, 'response');
    expect(session.state.remoteWindowSize).toBe(1024 * 1024);
    // Completes when all bytes are sent.
    await new Promise((resolve) => stream.write(Buffer.alloc(768 * 1024), resolve));
  });

  it('allows 100 concurrent streams on a connection, and opens the next when one ends', async () => {
    const streams = Array.from({ length: 100 }, openStream);
    await Promise.all(streams.map((stream) => once(stream, 'response')));
    const next = openStream();
    let isOpen = false;
    next.once('response', () => (isOpen = true));
    for (let roundTrips = 0; roundTrips < 3; roundTrips++) {
      await new Promise((resolve) => session.ping(resolve));
    }
    expect(isOpen).toBe(false);
    const opened = once(next, 'response');
    streams[0].close();
    await opened;
  });
});

describe('The HTTP/2 server closes', () => {
  let application: Server;
  let net: NetServer;
  let session: ClientHttp2Session;
  let socket: Socket;

  const start = async (
    times: Parameters<typeof createHttp2Server>[1],
    keepAliveTimeout = 60_000,
    options: SessionOptions = {},
  ): Promise<void> => {
    application = createHttpServer({ keepAliveTimeout });
    const http2 = createHttp2Server(application, times);
    net = createServer((accepted) => {
      socket = accepted;
      http2.emit('connection', accepted);
    }).listen(0, '127.0.0.1');
    await once(net, 'listening');
    session = connect(`http://127.0.0.1:${(net.address() as AddressInfo).port}`, options);
    session.on('error', () => {});
    await once(application, 'session');
  };
  const request = async (method: string): Promise<[ClientHttp2Stream, Http2ServerResponse]> => {
    const stream = session.request({ ':path': '/', ':method': method }, { endStream: method === 'GET' });
    stream.on('error', () => {});
    const [, response] = (await once(application, 'request')) as [unknown, Http2ServerResponse];
    return [stream, response];
  };

  afterEach(async () => {
    session.destroy();
    net.close();
    await once(net, 'close');
  });

  it('a stream whose client stops in the middle of the request body', async () => {
    await start({ stallTimeout: 50 });
    const [stream] = await request('POST');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('a stream whose client does not read the response, even after a slow handler', async () => {
    await start({ stallTimeout: 50 }, 60_000, { settings: { initialWindowSize: 0 } });
    const [stream, response] = await request('GET');
    await once(response.stream, 'timeout');
    response.end('an answer');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('a session without streams, even if it had one at the first time-out', async () => {
    await start({ stallTimeout: 200 }, 50);
    const [, response] = await request('GET');
    await once(response.stream, 'timeout');
    response.end();
    await once(session, 'close');
    expect(session.destroyed).toBe(true);
  });

  it('only a connection whose client answers no ping', async () => {
    await start({ pingInterval: 20 });
    const mute = connectSocket((net.address() as AddressInfo).port, '127.0.0.1');
    mute.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await once(application, 'session');
    await once(socket, 'close');
    await expect(new Promise((resolve) => session.ping(resolve))).resolves.toBeNull();
  });
});
