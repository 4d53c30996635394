import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { handleConnectAsGet, Http2Upgrade } from '../../../../libs/websockets/src/handshake/http2-upgrade.js';
import { ReceivedHandshake } from '../../../../libs/websockets/src/handshake/received-handshake.js';
import { WebSocketConnections } from '../../../../libs/websockets/src/connection/web-socket-connections.js';
import { resolveWebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { endHttp2Clients, Http2Client, type Http2Exchange } from '../../../support/http2-client.js';
import { text } from '../protocol/client-frame.js';

describe('Over HTTP/2', () => {
  let http2: Http2Server;
  let client: Http2Client;
  const connections = new WebSocketConnections(resolveWebSocketOptions());

  beforeEach(async () => {
    // The server emits requests and responses, in addition to streams, only if it has a listener for them.
    http2 = createServer({ settings: { enableConnectProtocol: true } }, () => {});
    await once(http2.listen(0, '127.0.0.1'), 'listening');
    client = await Http2Client.connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    await endHttp2Clients();
    await new Promise((resolve) => http2.close(resolve));
  });

  interface Connect {
    /** The client's side, after the response. */
    readonly answered: Promise<Http2Exchange>;
    readonly request: Http2ServerRequest;
    readonly response: Http2ServerResponse;
  }

  /** Sends an extended CONNECT, and waits until the server has received it. */
  async function connect(): Promise<Connect> {
    const arrived = once(http2, 'connect') as Promise<[Http2ServerRequest, Http2ServerResponse]>;
    const answered = client.connect('/path?query');
    const [request, response] = await arrived;
    return { answered, request, response };
  }

  describe('handleConnectAsGet', () => {
    /** The response of the HTTP pipeline. */
    async function answerOf(answer: (response: Http2ServerResponse) => void): Promise<Http2Exchange> {
      const { answered, request, response } = await connect();
      const handed = once(http2, 'request') as Promise<[IncomingMessage, Http2ServerResponse]>;
      handleConnectAsGet(http2 as unknown as Server, request as unknown as IncomingMessage, response);
      const [seen, pipeline] = await handed;
      expect([seen.method, seen.url]).toEqual(['GET', '/path?query']);
      answer(pipeline);
      return answered;
    }

    it.each<[string, (response: Http2ServerResponse) => void, number]>([
      ['through writeHead with 200', (response) => response.writeHead(200).end('body'), 400],
      ['through writeHead with 206', (response) => response.writeHead(206, { 'X-Own': 'x' }).end('body'), 400],
      ['through end with the status 200', (response) => response.end('body'), 400],
      ['through write with the status 200', (response) => void (response.write('bo') && response.end('dy')), 400],
      ['through a status of 201', (response) => Object.assign(response, { statusCode: 201 }).end('body'), 400],
      ['through writeHead with 404', (response) => response.writeHead(404).end('body'), 404],
      ['through a redirect', (response) => response.writeHead(302, { Location: '/' }).end('body'), 302],
    ])('lets the pipeline answer %s, and maps 2xx to 400', async (_how, answer, status) => {
      const exchange = await answerOf(answer);
      expect(exchange.status).toBe(status);
      expect(await exchange.readBody()).toBe('body');
    });
  });

  describe('Http2Upgrade', () => {
    const upgradeOf = ({ request, response }: Connect): Http2Upgrade =>
      new Http2Upgrade(new ReceivedHandshake(request, { address: '127.0.0.1' }), response, connections);

    it('is accepted with 200, with the negotiated headers and without those of HTTP/1.1', async () => {
      const exchange = await connect();
      exchange.request.headers['sec-websocket-protocol'] = 'a, b';
      exchange.response.setHeader('Set-Cookie', ['x=1', 'y=2']);
      const upgrade = upgradeOf(exchange);
      upgrade.handleOverHttp(http2 as unknown as Server);
      const connection = upgrade.accept({ subprotocol: 'b' });
      const { head } = await exchange.answered;
      expect(Object.keys(head).toSorted()).toEqual([':status', 'date', 'sec-websocket-protocol', 'set-cookie']);
      expect(head).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'b', 'set-cookie': ['x=1', 'y=2'] });
      expect(connection).toMatchObject({ httpVersion: '2', path: '/path?query', subprotocol: 'b' });
      connection.abort();
    });

    it('sends its frames on the stream, and discards the later response of the framework', async () => {
      const exchange = await connect();
      const connection = upgradeOf(exchange).accept();
      const { response } = exchange;
      response.setHeader('X-Late', 'x');
      response.writeHead(500).end('nobody hears this');
      expect(response.write('nor that')).toBe(true);
      void connection.receive((fragment) => connection.send(fragment)).catch(() => {});
      const webSocket = await exchange.answered;
      expect(webSocket.status).toBe(200);
      webSocket.write(text('hello'));
      expect(await webSocket.readText()).toBe('hello');
      connection.abort();
    });

    it('resets its stream with NO_ERROR when the client keeps its half open after a protocol error', async () => {
      const exchange = await connect();
      const connection = upgradeOf(exchange).accept();
      const webSocket = await exchange.answered;
      webSocket.write(Buffer.from([0xff, 0xff]));
      expect(await webSocket.readClose()).toMatchObject({ status: 1002 });
      const { stream } = webSocket;
      stream.resume();
      await connection.closed;
      await (stream.closed || once(stream, 'close'));
      expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    });

    it('resets its stream with CANCEL when the connection is cut', async () => {
      const exchange = await connect();
      const connection = upgradeOf(exchange).accept();
      const { stream } = await exchange.answered;
      const closed = once(stream.resume(), 'close');
      connection.abort();
      await closed;
      expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    });

    it.each<[string, (exchange: Connect) => void]>([
      ['reset its stream', ({ request }) => request.stream.close(constants.NGHTTP2_CANCEL)],
      ['lost its connection', () => client.session.destroy()],
    ])('cannot be accepted when the client has %s', async (_how, leave) => {
      const exchange = await connect();
      void exchange.answered.catch(() => {});
      const closed = once(exchange.request.stream, 'close');
      leave(exchange);
      await closed;
      expect(() => upgradeOf(exchange).accept()).toThrow(expect.objectContaining({ code: 'WS_CLOSED_PREMATURELY' }));
      expect(connections.size).toBe(0);
    });

    it('can be accepted once', async () => {
      const exchange = await connect();
      const upgrade = upgradeOf(exchange);
      const connection = upgrade.accept();
      expect(() => upgrade.accept()).toThrow(expect.objectContaining({ code: 'WS_ALREADY_ACCEPTED' }));
      connection.abort();
      await connection.closed;
    });

    it('hands over its stream without an answer with takeOver()', async () => {
      const exchange = await connect();
      const upgrade = upgradeOf(exchange);
      upgrade.handleOverHttp(http2 as unknown as Server);
      const { httpVersion, stream } = await upgrade.takeOver(
        (status) => void exchange.response.writeHead(status).end(),
      );

      expect(httpVersion).toBe('2');
      expect(connections.placesTaken).toBe(1);
      (stream as ServerHttp2Stream).respond({ ':status': 418 });
      expect((await exchange.answered).status).toBe(418);
      const closed = once(stream, 'close');
      stream.destroy();
      await closed;
      expect(connections.placesTaken).toBe(0);
    });

    it('may be left to the HTTP pipeline', async () => {
      const exchange = await connect();
      const handed = once(http2, 'request') as Promise<[IncomingMessage]>;
      const upgrade = upgradeOf(exchange);
      upgrade.handleOverHttp(http2 as unknown as Server);
      expect((await handed)[0]).toBe(upgrade.request);
      exchange.response.writeHead(404).end();
      expect((await exchange.answered).status).toBe(404);
    });
  });
});
