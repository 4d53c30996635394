import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { createLabServer, OPCODE, type LabServer, type LabServerOptions } from '../../src/lab/lab-server.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { makeCertificateFiles, removeFolders } from '../support/https-app.js';
import { text } from '../libs/websockets/protocol/client-frame.js';

let server: LabServer;

async function start(options?: LabServerOptions): Promise<LabServer> {
  server = await createLabServer(options);
  return server;
}

/** What became of a client: the messages that it got, and how its connection ended. */
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
afterAll(removeFolders);

describe('The lab server', () => {
  it('has a connection follow the query of its URL', async () => {
    const { url } = await start();

    const client = new WebSocket(`${url}?count=2&size=3&close=4123&reason=bye`);

    expect(await outcome(client)).toEqual({ messages: ['ABC', 'ABC'], code: 4123, reason: 'bye' });
  });

  it('has the next connection follow a script', async () => {
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

  it('rejects with the frames that came where an expectation fails, and resets the connection', async () => {
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

  it('refuses as a script has it', async () => {
    const { url } = await start();
    const done = server.next((peer) => peer.refuse(503, [['Retry-After', '7']], 'later'));

    const client = new WebSocket(url);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 503');
    await done;
  });

  it('tells how the client closed', async () => {
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
    socket.write(
      'GET /lab HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );

    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('speaks TLS, and HTTP/2 with the same scripts', async () => {
    const files = await makeCertificateFiles();
    const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')]);
    const { url, port } = await start({ tls: { cert, key } });

    const secure = new WebSocket(`${url}?count=1&size=3&close=4123`, { ca: cert });
    expect(await outcome(secure)).toMatchObject({ messages: ['ABC'], code: 4123 });
    const aborted = new WebSocket(`${url}?abort=0`, { ca: cert });
    expect(await outcome(aborted)).toMatchObject({ code: 1006 });

    const http2 = await Http2Client.connect(`https://127.0.0.1:${port}`, cert);
    const exchange = await http2.open('/lab?close=4123&after-messages=1');
    exchange.write(text('hello'));
    expect(await exchange.readText()).toBe('hello');
    expect(await exchange.readClose()).toEqual({ status: 4123, reason: '' });
  });

  it('gives up the scripts that no client came for when it closes', async () => {
    const lab = await start();
    const done = lab.next(() => {});

    await lab.close();

    await expect(done).rejects.toThrow('before a client connected');
    await start();
  });
});
