import { jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { LINGER } from '../../../../libs/websockets/src/connection/close-handshake.js';
import { PreparedMessage } from '../../../../libs/websockets/src/connection/prepared-message.js';
import type { AcceptedHandshake } from '../../../../libs/websockets/src/connection/server-connection.js';
import { close, ping } from '../protocol/client-frame.js';
import { connect, type ConnectedPair } from '../../../support/socket-pair.js';

/** How both sides come to have closed, while the peer keeps its half of the transport open. */
const closes: [string, (pair: ConnectedPair) => Promise<unknown>][] = [
  ['it closed', async ({ client }) => void client.write(close(1000))],
  [
    'it answered a close',
    async ({ client, connection }) => {
      void connection.close(1000);
      await turn();
      client.write(close(1000));
    },
  ],
];

describe('The connection of a peer that keeps its half open', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());

  it.each(closes)('ends at once when %s and was sent nothing else: it has nothing to lose', async (_when, act) => {
    const pair = connect({ closeTimeout: 30_000 });
    await act(pair);
    await turn();
    expect(pair.server.writableFinished).toBe(true);
    expect(pair.server.destroyed).toBe(true);
    await pair.connection.closed;
    expect(jest.getTimerCount()).toBe(0);
  });

  describe.each<[string, Partial<AcceptedHandshake>, (pair: ConnectedPair) => Promise<unknown>]>([
    ['over HTTP/2', { httpVersion: '2' }, async () => {}],
    ['that was sent a message', {}, ({ connection }) => connection.send('hello')],
    ['that was sent a prepared message', {}, ({ connection }) => connection.send(new PreparedMessage('hello'))],
    ['that was sent a ping', {}, async ({ connection }) => void connection.ping('?')],
    [
      'that was sent a pong',
      {},
      async ({ client }) => {
        client.write(ping('?'));
        await turn();
      },
    ],
  ])('%s', (_what, handshake, prepare) => {
    it.each(closes)('is cut a second after %s, however long a close may take', async (_when, act) => {
      const pair = connect({ closeTimeout: 30_000 }, handshake);
      await prepare(pair);
      pair.client.on('data', () => {});
      await act(pair);
      await turn();
      jest.advanceTimersByTime(LINGER - 1);
      expect(pair.server.destroyed).toBe(false);
      jest.advanceTimersByTime(1);
      expect(pair.server.destroyed).toBe(true);
      await pair.connection.closed;
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  it('is cut after closeTimeout, where that is shorter', async () => {
    const { client, server } = connect({ closeTimeout: LINGER / 2 }, { httpVersion: '2' });
    client.write(close(1000));
    await turn();
    client.resume();
    await turn();
    jest.advanceTimersByTime(LINGER / 2);
    expect(server.destroyed).toBe(true);
  });

  it('has closeTimeout to take what was sent before', async () => {
    const { client, server, connection } = connect({ closeTimeout: 30_000 });
    void connection.send(Buffer.alloc(1024 * 1024));
    await turn();
    client.write(close(1000));
    await turn();
    expect(connection.state).toBe('closed');
    jest.advanceTimersByTime(29_999);
    expect(server.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(server.destroyed).toBe(true);
  });

  it.each(['1.1', '2'] as const)('is cut a second after a protocol error over HTTP/%s', async (httpVersion) => {
    const { client, server } = connect({ closeTimeout: 30_000 }, { httpVersion });
    client.write(Buffer.from([0xff, 0xff]));
    client.resume();
    await turn();
    jest.advanceTimersByTime(LINGER - 1);
    expect(server.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(server.destroyed).toBe(true);
  });

  it('leaves no timer behind when it ends', async () => {
    const { client, connection } = connect({}, { httpVersion: '2' });
    client.write(close(1000));
    await turn();
    client.resume();
    client.end();
    await connection.closed;
    expect(jest.getTimerCount()).toBe(0);
  });
});
