import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endStalledConnections } from '../../src/listening/stalled-clients.js';
import { endRawClients, RawClient, requestHead } from '../support/raw-client.js';

/** More than the buffers of a connection hold. */
const LARGE_ANSWER = Buffer.alloc(32 * 1024 * 1024);

describe('The server cuts an HTTP/1.1 connection', () => {
  let server: Server;
  let client: RawClient;

  beforeEach(async () => {
    server = createServer();
    endStalledConnections(server, 50);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = await RawClient.connect((server.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await endRawClients();
    server.close();
    await once(server, 'close');
  });

  const request = async (line: string, headers = {}): Promise<[IncomingMessage, ServerResponse]> => {
    client.write(requestHead(line, { Host: 'localhost', ...headers }));
    return (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  };

  it('when the client sends no request', async () => {
    await expect(client.readToEnd()).resolves.toHaveLength(0);
  });

  it('when the client stops in the middle of a request body', async () => {
    const [{ socket }] = await request('POST / HTTP/1.1', { 'Content-Length': '10' });
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it.each([1, 5])('when the client does not read the responses to %i requests', async (count) => {
    server.on('request', (_request, response: ServerResponse) => response.end(LARGE_ANSWER));
    const [{ socket }] = await request(
      `${requestHead('GET / HTTP/1.1', { Host: 'localhost' }).repeat(count - 1)}GET / HTTP/1.1`,
    );
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('when the client does not read a response that a slow handler produced', async () => {
    const [{ socket }, response] = await request('GET / HTTP/1.1');
    await once(response, 'timeout');
    response.end(LARGE_ANSWER);
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('only when the client is slow, not when the handler is', async () => {
    const [, response] = await request('GET / HTTP/1.1');
    await once(response, 'timeout');
    response.end('at last');
    await expect(client.readResponse()).resolves.toMatchObject({ status: 200 });
  });
});
