import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEarlierResponses } from '../../../../libs/websockets/src/handshake/earlier-responses.js';
import { leaveBodiesOfUpgrades } from '../../../../libs/websockets/src/handshake/node-internals.js';
import { handleAsOrdinaryRequest } from '../../../../libs/websockets/src/handshake/passing-on.js';
import { endRawClients, RawClient } from '../../../support/raw-client.js';

describe('handleAsOrdinaryRequest', () => {
  let server: Server;
  let client: RawClient;

  /** Answers with all that it knows of the request. */
  beforeEach(async () => {
    server = createServer((request, response) => {
      const { method, url, httpVersion, rawHeaders } = request;
      void text(request).then((body) => response.end(JSON.stringify({ method, url, httpVersion, rawHeaders, body })));
    });
    server.on('connection', leaveBodiesOfUpgrades);
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      afterEarlierResponses(socket, () => handleAsOrdinaryRequest(server, request, socket, head)),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = await RawClient.connect((server.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await endRawClients();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each<[string, string[], string[]]>([
    ['takes away what asks for the upgrade', ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket'], ['Host', 'x']],
    [
      'leaves other tokens of Connection',
      ['Host: x', 'Connection: keep-alive,UPGRADE , x', 'Upgrade: y'],
      ['Host', 'x', 'Connection', 'keep-alive, x'],
    ],
    [
      'takes it away wherever it was sent',
      ['Upgrade: a', 'connection: upgrade', 'Host: x', 'CONNECTION: close', 'UPGRADE: b'],
      ['Host', 'x', 'CONNECTION', 'close'],
    ],
    [
      'takes away the settings that are for HTTP/2 alone',
      ['Host: x', 'Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
      ['Host', 'x'],
    ],
    [
      'leaves names, order, repetition and bytes of the others',
      ['Host: x', 'Connection: Upgrade', 'Upgrade: y', 'b: 2', 'A: 1', 'b: 1', 'Latin: \xe9', 'Empty:'],
      ['Host', 'x', 'b', '2', 'A', '1', 'b', '1', 'Latin', '\xe9', 'Empty', ''],
    ],
  ])('%s', async (_what, headers, expected) => {
    client.write(Buffer.from(`GET /path?query HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`, 'latin1'));
    expect(JSON.parse((await client.readResponse()).body)).toEqual({
      method: 'GET',
      url: '/path?query',
      httpVersion: '1.1',
      rawHeaders: expected,
      body: '',
    });
  });

  it('leaves the body, and the requests after it', async () => {
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: y\r\n';
    client.write(`POST /1 HTTP/1.1\r\n${upgrade}Content-Length: 4\r\n\r\nbody`);
    client.write(`PUT /2 HTTP/1.1\r\n${upgrade}Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n`);
    client.write(`GET /3 HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answers = [await client.readResponse(), await client.readResponse(), await client.readResponse()];
    expect(answers.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      expect.objectContaining({ method: 'POST', url: '/1', body: 'body' }),
      expect.objectContaining({ method: 'PUT', url: '/2', body: 'body' }),
      expect.objectContaining({ method: 'GET', url: '/3', body: '' }),
    ]);
  });
});
