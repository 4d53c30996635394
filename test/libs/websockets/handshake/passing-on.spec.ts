import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { leaveBodiesOfUpgrades } from '../../../../libs/websockets/src/handshake/node-internals.js';
import {
  afterEarlierResponses,
  handleAsOrdinaryRequest,
  unlessTaken,
} from '../../../../libs/websockets/src/handshake/passing-on.js';
import { endRawClients, RawClient } from '../../../support/raw-client.js';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const getWithUpgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: y\r\n\r\n';

describe('handleAsOrdinaryRequest', () => {
  let server: Server;
  let client: RawClient;

  /** Answers with the request as it sees it. */
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
    [
      'removes the headers that ask for the upgrade',
      ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket'],
      ['Host', 'x'],
    ],
    [
      'keeps other tokens of Connection',
      ['Host: x', 'Connection: keep-alive,UPGRADE , x', 'Upgrade: y'],
      ['Host', 'x', 'Connection', 'keep-alive, x'],
    ],
    [
      'removes the headers at any position',
      ['Upgrade: a', 'connection: upgrade', 'Host: x', 'CONNECTION: close', 'UPGRADE: b'],
      ['Host', 'x', 'CONNECTION', 'close'],
    ],
    [
      'removes the settings for HTTP/2',
      ['Host: x', 'Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
      ['Host', 'x'],
    ],
    [
      'keeps names, order, repetition and bytes of the other headers',
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

  it('keeps the body, and the following requests', async () => {
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

describe('afterEarlierResponses', () => {
  let server: Server;
  let client: RawClient;
  let responses: ServerResponse[];
  let upgradedSocket: Socket;

  beforeEach(async () => {
    responses = [];
    server = createServer((_request, response) => void responses.push(response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = await RawClient.connect((server.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await endRawClients();
    upgradedSocket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends the bytes, and resolves with the server's socket at the upgrade. */
  async function upgradeWith(bytes: string): Promise<Socket> {
    const upgraded = once(server, 'upgrade') as Promise<[unknown, Socket]>;
    client.write(bytes);
    [, upgradedSocket] = await upgraded;
    return upgradedSocket.on('error', () => {});
  }

  it('calls back at once when no response is due', async () => {
    const socket = await upgradeWith(getWithUpgrade);
    let called = false;
    afterEarlierResponses(socket, () => (called = true));
    expect(called).toBe(true);
  });

  it('calls back after the last of several responses, in any order of completion', async () => {
    const socket = await upgradeWith(get + get + get + getWithUpgrade);
    const done: string[] = [];
    responses.forEach((response, i) => response.once('close', () => done.push(`response ${i}`)));
    const called = new Promise<void>((resolve) =>
      afterEarlierResponses(socket, () => {
        done.push('called');
        resolve();
      }),
    );
    responses[2].end();
    responses[0].end();
    await once(responses[0], 'close');
    responses[1].end();
    await called;
    expect(done).toEqual(['response 0', 'response 1', 'response 2', 'called']);
  });

  it.each<[string, () => void]>([
    ['the last response ends the connection', () => responses[0].setHeader('Connection', 'close').end()],
    ['the client disconnects', () => client.reset()],
  ])('never calls back when %s', async (_what, act) => {
    const socket = await upgradeWith(get + getWithUpgrade);
    let called = false;
    afterEarlierResponses(socket, () => (called = true));
    const closed = once(responses[0], 'close');
    act();
    await closed;
    expect(called).toBe(false);
  });
});

describe('unlessTaken', () => {
  /** Emits `upgrade` to `other` and to a listener that notes whether it may answer. */
  async function isLeft(other: (socket: Duplex) => void): Promise<boolean> {
    const server = new EventEmitter();
    let isCalled = false;
    server.on('upgrade', (socket: Duplex) => unlessTaken(server, 'upgrade', socket, () => (isCalled = true)));
    server.on('upgrade', other);
    server.emit('upgrade', new PassThrough());
    await turn();
    return isCalled;
  }

  it.each<[string, boolean, (socket: Duplex) => void]>([
    ['does nothing', true, () => {}],
    ['ends the socket', false, (socket) => socket.end()],
    ['destroys the socket', false, (socket) => socket.destroy()],
    ['listens for data', false, (socket) => socket.on('data', () => {})],
    ['listens for errors', false, (socket) => socket.on('error', () => {})],
  ])('with another listener that %s, calls back: %p', async (_what, expected, other) => {
    expect(await isLeft(other)).toBe(expected);
  });

  it('calls back at once without other listeners', () => {
    const server = new EventEmitter().on('upgrade', () => {});
    let isCalled = false;
    unlessTaken(server, 'upgrade', new PassThrough(), () => (isCalled = true));
    expect(isCalled).toBe(true);
  });
});
