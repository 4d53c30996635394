import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endStalledConnections } from '../../src/listening/stalled-clients.js';
import { endRawClients, RawClient, requestHead } from '../support/raw-client.js';

/** More than the buffers of a connection take. */
const LARGE_ANSWER = Buffer.alloc(32 * 1024 * 1024);

describe('A connection over HTTP/1.1 is cut', () => {
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

  it('when its client sends no request', async () => {
    await expect(client.readToEnd()).resolves.toHaveLength(0);
  });

  it('when its client sends no more of the body of a request', async () => {
    const [{ socket }] = await request('POST / HTTP/1.1', { 'Content-Length': '10' });
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it.each([1, 5])('when its client does not read the answers to %i requests', async (count) => {
    server.on('request', (_request, response: ServerResponse) => response.end(LARGE_ANSWER));
    const [{ socket }] = await request(
      `${requestHead('GET / HTTP/1.1', { Host: 'localhost' }).repeat(count - 1)}GET / HTTP/1.1`,
    );
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('when its client does not read an answer that the handler was slow to make', async () => {
    const [{ socket }, response] = await request('GET / HTTP/1.1');
    await once(response, 'timeout');
    response.end(LARGE_ANSWER);
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('not while it waits for the handler alone', async () => {
    const [, response] = await request('GET / HTTP/1.1');
    await once(response, 'timeout');
    response.end('at last');
    await expect(client.readResponse()).resolves.toMatchObject({ status: 200 });
  });
});
