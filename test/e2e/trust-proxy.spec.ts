import { WebSocketGateway } from '@nestjs/websockets';
import type { RawWebSocketGateway, WebSocketConnection } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, type Headers } from '../support/raw-client.js';

/** Tells each client its address. */
@WebSocketGateway({ path: '/address' })
class AddressGateway implements RawWebSocketGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.send(webSocket.remoteAddress);
    await webSocket.receive(() => {});
  }
}

const ofClient = (client: string): Headers => ({ 'X-Forwarded-For': client });

describe.each(handshakeTransports)('trustProxy with %s', (_name, start) => {
  let running: HandshakeApp;

  afterEach(endRawClients);
  afterEach(endHttp2Clients);
  afterEach(() => running.app.close());
  const startApp = async (trustProxy: string | number): Promise<void> => {
    const options = { trustProxy, allowedOrigins: ['same-origin'], maxConnectionsPerAddress: 1 };
    running = await start({ providers: [AddressGateway], options });
  };

  it.each<[what: string, trustProxy: string | number, headers: Headers, address: string]>([
    ['the entry of a trusted proxy', 'loopback', ofClient('1.1.1.1'), '1.1.1.1'],
    ['the last entry of several header lines', 1, { 'X-Forwarded-For': ['9.9.9.9', '1.1.1.1'] }, '1.1.1.1'],
    ['the entry in Forwarded', 1, { Forwarded: 'for="[2001:db8::1]:80"' }, '2001:db8::1'],
    ['its own for a peer that is not a trusted proxy', '10.0.0.0/8', ofClient('1.1.1.1'), '127.0.0.1'],
  ])('gives a connection this address: %s', async (_what, trustProxy, headers, address) => {
    await startApp(trustProxy);

    const { client } = await running.shakeHands('/address', headers);

    await expect(client.readText()).resolves.toBe(address);
  });

  it('counts the connections of each client behind a trusted proxy', async () => {
    await startApp(1);

    const statuses = [];
    for (const address of ['1.1.1.1', '2.2.2.2', '1.1.1.1', '::ffff:2.2.2.2']) {
      const { isAccepted, status } = await running.shakeHands('/address', ofClient(address));
      statuses.push(isAccepted ? 'accepted' : status);
    }

    expect(statuses).toEqual(['accepted', 'accepted', 429, 429]);
  });

  it('counts a client that forges its address by its real address', async () => {
    await startApp('10.0.0.0/8');

    const answers = [await running.shakeHands('/address', ofClient('1.1.1.1'))];
    answers.push(await running.shakeHands('/address', ofClient('2.2.2.2')));

    expect(answers.map(({ isAccepted }) => isAccepted)).toEqual([true, false]);
    expect(answers[1].status).toBe(429);
  });

  it.each<[trustProxy: number, origin: string, isAccepted: boolean]>([
    [1, 'https://public.example', true],
    [1, 'http://public.example', false],
    [1, 'https://localhost', false],
    [0, 'https://public.example', false],
    [0, 'https://localhost', true],
  ])(
    'of %i compares same-origin, which is %s, with the origin that the proxy reports',
    async (trustProxy, origin, isAccepted) => {
      await startApp(trustProxy);

      const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'public.example' };
      const answer = await running.shakeHands('/address', { Host: 'localhost', Origin: origin, ...forwarded });

      expect(answer.isAccepted).toBe(isAccepted);
    },
  );
});
