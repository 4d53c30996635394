import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import {
  createLabServer,
  LabExpectationError,
  OPCODE,
  type LabPeer,
  type LabServer,
  type LabServerOptions,
} from '../../src/lab/lab-server.js';
import { makeCertificate } from '../support/certificate.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { handshake } from '../support/raw-client.js';
import { text } from '../libs/websockets/protocol/client-frame.js';

let server: LabServer;

async function start(options?: LabServerOptions): Promise<LabServer> {
  server = await createLabServer(options);
  return server;
}

/** The messages that a client received, and how its connection ended. */
async function outcome(
  client: WebSocket,
): Promise<{ messages: string[]; code: number; reason: string; error?: string }> {
  const messages: string[] = [];
  let error: string | undefined;
  client.on('message', (data: Buffer) => messages.push(data.toString()));
  client.on('error', (reason) => (error = reason.message));
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return { messages, code, reason: reason.toString(), ...(error === undefined ? {} : { error }) };
}

afterEach(async () => {
  await endHttp2Clients();
  await server.close();
});
describe('The lab server', () => {
  it('runs the script in the query of the URL', async () => {
    const { url } = await start();

    const client = new WebSocket(`${url}?count=2&size=3&close=4123&reason=bye`);

    expect(await outcome(client)).toEqual({ messages: ['ABC', 'ABC'], code: 4123, reason: 'bye' });
  });

  it('runs a script on the next connection', async () => {
    const { url } = await start();
    const done = server.next(async (peer) => {
      await peer.accept([['Sec-WebSocket-Protocol', 'chat']]);
      await peer.receiveText('hello');
      await peer.frame({ opcode: OPCODE.text, payload: 'wor', fin: false });
      await peer.write('8002 6c64');
      await peer.close(4000, 'done');
      return peer.receiveClose(4000);
    });

    const client = new WebSocket(url, ['chat']);
    client.on('open', () => client.send('hello'));

    expect(await outcome(client)).toEqual({ messages: ['world'], code: 4000, reason: 'done' });
    expect(await done).toEqual({ code: 4000, reason: 'done' });
  });

  it('rejects with the received frames when an expectation fails, and resets the connection', async () => {
    const { url } = await start();
    const done = server.next(async (peer) => {
      await peer.accept();
      await peer.receiveText('hello');
    });

    const client = new WebSocket(url);
    client.on('open', () => client.send('hi'));

    expect(await outcome(client)).toMatchObject({ code: 1006 });
    await expect(done).rejects.toThrow(
      'Expected text "hello". What happened:\n  accepted the handshake\n  received text "hi"',
    );
  });

  it.each<[string, (peer: LabPeer) => Promise<unknown>, string, string]>([
    ['another text', (peer) => peer.receiveText('hello'), 'text "hello"', 'received text "hi"'],
    ['another type', (peer) => peer.receiveBinary(), 'a binary message', 'received text "hi"'],
    ['a message in the place of a ping', (peer) => peer.receivePing(), 'a ping', 'received text "hi"'],
    ['a message in the place of a pong', (peer) => peer.receivePong(), 'a pong', 'received text "hi"'],
    [
      'a message in the place of a close frame',
      (peer) => peer.receiveClose(1000),
      'a close frame with 1000',
      'received text "hi"',
    ],
    [
      'a message in the place of the end',
      (peer) => peer.receiveEnd(),
      'the end of the connection',
      'received text "hi"',
    ],
    [
      'nothing in time',
      async (peer) => {
        await peer.receiveText('hi');
        await peer.send('answer');
        await peer.receiveText();
      },
      'a text message',
      'received text "hi"\n  sent text "answer"\n  nothing came for 1000 ms',
    ],
  ])('reports the events when an expectation receives %s', async (_, script, expected, happened) => {
    const { url } = await start({ expectationTimeout: 1000 });
    const done = server.next(async (peer) => {
      await peer.accept();
      await script(peer);
    });
    const client = new WebSocket(url);
    client.on('error', () => {});
    client.on('open', () => client.send('hi'));

    await expect(done).rejects.toThrow(`Expected ${expected}. What happened:\n  accepted the handshake\n  ${happened}`);
    await expect(done).rejects.toBeInstanceOf(LabExpectationError);
  });

  it('reports that the client has ended the connection', async () => {
    const { url } = await start();
    const done = server.next(async (peer) => {
      await peer.accept();
      await peer.receiveText();
    });
    const client = new WebSocket(url);
    client.on('open', () => client.terminate());

    await expect(done).rejects.toThrow('the client ended the connection');
  });

  it('reads pings, pongs, binary messages and the end', async () => {
    const { url } = await start();
    const done = server.next(async (peer) => {
      await peer.accept();
      const [binary, ping] = [await peer.receiveBinary(Buffer.from('hi')), await peer.receivePing()];
      await peer.frame({ opcode: OPCODE.ping, payload: 'back' });
      const pong = await peer.receivePong();
      await peer.close();
      await peer.receiveClose();
      peer.end();
      await peer.receiveEnd();
      return [binary, ping, pong].map(String);
    });
    const client = new WebSocket(url);
    client.on('open', () => {
      client.send(Buffer.from('hi'));
      client.ping('there');
    });

    expect(await done).toEqual(['hi', 'there', 'back']);
  });

  it('runs the script of each call on one connection, in order', async () => {
    const { url } = await start();
    const done = [server.next((peer) => peer.refuse(401)), server.next((peer) => peer.refuse(402))];

    for (const status of [401, 402]) {
      const [error] = (await once(new WebSocket(url), 'error')) as [Error];
      expect(error.message).toContain(String(status));
    }
    await Promise.all(done);
  });

  it.each(['//', '/lab?%ff=%', 'http://[/'])('continues after a request for %s', async (target) => {
    const { port, url } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.end(handshake(target));
    await once(socket.resume(), 'close');

    expect(await outcome(new WebSocket(`${url}?close=4123`))).toMatchObject({ code: 4123 });
  });

  it('refuses a handshake as a script requests', async () => {
    const { url } = await start();
    const done = server.next((peer) => peer.refuse(503, [['Retry-After', '7']], 'later'));

    const client = new WebSocket(url);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 503');
    await done;
  });

  it('reports how the client closed', async () => {
    const { url } = await start();
    const client = new WebSocket(`${url}?id=one`);

    client.on('open', () => client.close(4001, 'enough'));
    await outcome(client);

    expect(server.closeOf('one')).toMatchObject({ by: 'close-frame', code: 4001, reason: 'enough' });
  });

  it('resets with RST', async () => {
    const { port } = await start();
    void server.next((peer) => peer.reset());
    const socket = connect(port, '127.0.0.1');
    socket.write(handshake('/lab'));

    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('serves TLS, and HTTP/2 with the same scripts', async () => {
    const tls = await makeCertificate();
    const { url, port } = await start({ tls });

    const secure = new WebSocket(`${url}?count=1&size=3&close=4123`, { ca: tls.cert });
    expect(await outcome(secure)).toMatchObject({ messages: ['ABC'], code: 4123 });
    const aborted = new WebSocket(`${url}?abort=0`, { ca: tls.cert });
    expect(await outcome(aborted)).toMatchObject({ code: 1006 });

    const http2 = await Http2Client.connect(`https://127.0.0.1:${port}`, tls.cert);
    const exchange = await http2.open('/lab?close=4123&after-messages=1');
    exchange.write(text('hello'));
    expect(await exchange.readText()).toBe('hello');
    expect(await exchange.readClose()).toEqual({ status: 4123, reason: '' });
  });

  it('rejects the scripts that no client has run when it closes', async () => {
    const lab = await start();
    const done = lab.next(() => {});

    await lab.close();

    await expect(done).rejects.toThrow('before a client connected');
    await expect(lab.next(() => {})).rejects.toThrow('before a client connected');
    await lab.close();
  });

  it.each([
    ['that has sent nothing', {}],
    ['that has not finished its TLS handshake', { isSecure: true }],
  ])('closes a connection %s', async (_, { isSecure = false }: { isSecure?: boolean }) => {
    const lab = await start(isSecure ? { tls: await makeCertificate() } : {});
    const socket = connect(lab.port, '127.0.0.1');
    const closed = once(socket.resume(), 'close');
    await once(socket, 'connect');
    // The server has accepted the connection before one that came later.
    const later = connect(lab.port, '127.0.0.1').on('error', () => {});
    later.end(' ');
    await once(later.resume(), 'close');

    await lab.close();
    await expect(closed).resolves.toBeDefined();
  });
});
