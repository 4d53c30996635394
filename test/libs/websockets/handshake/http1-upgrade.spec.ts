import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Http1Upgrade } from '../../../../libs/websockets/src/handshake/http1-upgrade.js';
import { ReceivedHandshake } from '../../../../libs/websockets/src/handshake/received-handshake.js';
import { WebSocketConnections } from '../../../../libs/websockets/src/connection/web-socket-connections.js';
import { resolveWebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { endRawClients, handshake, RawClient, SAMPLE_ACCEPT } from '../../../support/raw-client.js';

describe('Http1Upgrade', () => {
  let server: Server;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await endRawClients();
    server.close();
  });

  /** Performs a handshake, and passes the request to the HTTP pipeline, which is the test. */
  async function handOver(): Promise<{
    client: RawClient;
    upgrade: Http1Upgrade;
    request: IncomingMessage;
    response: ServerResponse;
    connections: WebSocketConnections;
  }> {
    const client = await RawClient.connect((server.address() as AddressInfo).port);
    client.write(handshake('/'));
    const [request, socket, head] = (await once(server, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    socket.on('error', () => {}); // as the adapter does
    const connections = new WebSocketConnections(resolveWebSocketOptions({ closeTimeout: 100 }));
    const upgrade = new Http1Upgrade(
      new ReceivedHandshake(request, { address: '127.0.0.1' }),
      socket,
      head,
      connections,
    );
    const arrived = new Promise<ServerResponse>((resolve) =>
      server.once('request', (_request, response) => resolve(response)),
    );
    upgrade.handleOverHttp(server);
    return { client, upgrade, request, response: await arrived, connections };
  }

  it('answers over HTTP when no handler accepts, ends the response, and then the connection', async () => {
    const { client, response } = await handOver();
    const closed = once(response, 'close');
    response.writeHead(403).end('no');
    expect(await client.readResponse()).toMatchObject({ status: 403, headers: { connection: 'close' } });
    await closed;
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('aborts the request when the client disconnects before the response, so that frameworks know the cause', async () => {
    const { client, request, response } = await handOver();
    client.reset();
    await once(response, 'close');
    expect(request.destroyed).toBe(true);
    expect(request.aborted).toBe(true);
  });

  it('ends the response when it accepts, and discards the later response of the framework', async () => {
    const { client, upgrade, request, response } = await handOver();
    const ended = Promise.all([once(response, 'finish'), once(response, 'close')]);
    const connection = upgrade.accept();
    await ended;
    expect(response).toMatchObject({ statusCode: 101, headersSent: true, writableEnded: true });
    expect((await client.readResponse()).status).toBe(101);
    response.writeHead(200).end('nobody hears this');
    expect(response.statusCode).toBe(101);
    void connection.send('but this');
    expect((await client.readFrame()).payload.toString()).toBe('but this');
    client.destroy();
    await connection.closed;
    expect(request.aborted).toBe(false);
  });

  it('can be accepted once', async () => {
    const { upgrade } = await handOver();
    const connection = upgrade.accept();
    expect(() => upgrade.accept()).toThrow(expect.objectContaining({ code: 'WS_ALREADY_ACCEPTED' }));
    connection.abort();
  });

  describe('takeOver()', () => {
    it('hands over the socket without an answer, and counts it until it closes', async () => {
      const { client, upgrade, request, response, connections } = await handOver();
      const taken = await upgrade.takeOver((status) => void response.writeHead(status).end());

      expect(taken).toMatchObject({ request, httpVersion: '1.1', remoteAddress: '127.0.0.1' });
      expect(connections).toMatchObject({ placesTaken: 1, size: 0 });
      taken.stream.end('any bytes');
      expect((await client.readToEnd()).toString()).toBe('any bytes');
      const closed = once(taken.stream, 'close');
      client.end();
      await closed;
      expect(connections.placesTaken).toBe(0);
    });

    it.each<[string, (upgrade: Http1Upgrade) => unknown, string]>([
      ['accept()', (upgrade) => upgrade.accept(), 'accept() was called after takeOver()'],
      ['takeOver()', (upgrade) => upgrade.takeOver(() => {}), 'takeOver() was called twice'],
    ])('rules %s out', async (_, answer, message) => {
      const { upgrade, response } = await handOver();
      const { stream } = await upgrade.takeOver((status) => void response.writeHead(status).end());

      expect(() => answer(upgrade)).toThrow(expect.objectContaining({ code: 'WS_ALREADY_ACCEPTED' }));
      expect(() => answer(upgrade)).toThrow(message);
      stream.destroy();
    });

    it('is refused when the client has gone', async () => {
      const { client, upgrade, response } = await handOver();
      client.reset();
      await once(response, 'close');

      expect(() => upgrade.takeOver(() => {})).toThrow(expect.objectContaining({ code: 'WS_CLOSED_PREMATURELY' }));
    });

    it('can be repeated when the framework fails to answer', async () => {
      const { upgrade, response } = await handOver();
      const failure = new Error('of the framework');
      const failed = upgrade.takeOver(() => {
        throw failure;
      });
      await expect(failed).rejects.toBe(failure);

      const { stream } = await upgrade.takeOver((status) => void response.writeHead(status).end());
      stream.destroy();
    });

    it('rejects when the HTTP pipeline has answered otherwise', async () => {
      const { client, upgrade, response } = await handOver();
      const taken = upgrade.takeOver(() => response.writeHead(404).end());

      await expect(taken).rejects.toMatchObject({
        code: 'WS_CLOSED_PREMATURELY',
        message: 'The HTTP pipeline has answered before the handshake was taken over.',
      });
      client.reset();
    });

    it('rejects when the client goes before the framework has answered', async () => {
      const { client, upgrade } = await handOver();
      const taken = upgrade.takeOver(() => {});
      client.reset();

      await expect(taken).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
    });
  });

  it('rejects a subprotocol that the client does not offer, and invalid options', async () => {
    const { upgrade, response } = await handOver();
    expect(() => upgrade.accept({ subprotocol: 'chat' })).toThrow(
      "accept(): the subprotocol is 'chat', but the client offers none.",
    );
    expect(() => upgrade.accept({ keepAliveInterval: -1 })).toThrow(/keepAliveInterval is -1/);
    response.end();
  });

  it('answers like the example in RFC 6455 section 1.3, without a subprotocol or extension of its own', async () => {
    const client = await RawClient.connect((server.address() as AddressInfo).port);
    client.write(handshake('/', { 'Sec-WebSocket-Protocol': 'p1', 'Sec-WebSocket-Extensions': 'permessage-deflate' }));
    const [request, socket, head] = (await once(server, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    const connections = new WebSocketConnections(resolveWebSocketOptions());
    const connection = new Http1Upgrade(
      new ReceivedHandshake(request, { address: '127.0.0.1' }),
      socket,
      head,
      connections,
    ).accept();
    expect(await client.readResponse()).toEqual({
      status: 101,
      headers: { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': SAMPLE_ACCEPT },
      body: '',
    });
    connection.abort();
  });
});
