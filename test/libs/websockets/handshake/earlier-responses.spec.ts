import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEarlierResponses } from '../../../../libs/websockets/src/handshake/earlier-responses.js';
import { endRawClients, RawClient } from '../../../support/raw-client.js';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: y\r\n\r\n';

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

  it('calls back at once where no answer is due', async () => {
    const socket = await upgradeWith(upgrade);
    let called = false;
    afterEarlierResponses(socket, () => (called = true));
    expect(called).toBe(true);
  });

  it('calls back after the last of several, in whatever order they are ready', async () => {
    const socket = await upgradeWith(get + get + get + upgrade);
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
    ['the last answer ends the connection', () => responses[0].setHeader('Connection', 'close').end()],
    ['the client goes away', () => client.reset()],
  ])('never calls back when %s', async (_what, act) => {
    const socket = await upgradeWith(get + upgrade);
    let called = false;
    afterEarlierResponses(socket, () => (called = true));
    const closed = once(responses[0], 'close');
    act();
    await closed;
    expect(called).toBe(false);
  });
});
