import { jest } from '@jest/globals';
import { WebSocketConnections } from '../../../../libs/websockets/src/connection/web-socket-connections.js';
import {
  resolveWebSocketOptions,
  type WebSocketOptions,
} from '../../../../libs/websockets/src/nest/web-socket-options.js';
import { close, text } from '../protocol/client-frame.js';
import { connect, readFrame } from '../../../support/socket-pair.js';

/** As many connections, whose clients do nothing. */
function connectSome(count: number, options: WebSocketOptions = {}) {
  const connections = new WebSocketConnections(resolveWebSocketOptions(options));
  const pairs = Array.from({ length: count }, () => connect(options));
  pairs.forEach(({ connection }) => connections.add(connection));
  return { connections, pairs };
}

describe('WebSocketConnections', () => {
  it('are those that are live', async () => {
    const { connections, pairs } = connectSome(2);
    expect(connections.size).toBe(2);
    expect([...connections]).toEqual(pairs.map(({ connection }) => connection));
    pairs[0].connection.abort();
    await pairs[0].connection.closed;
    expect([...connections]).toEqual([pairs[1].connection]);
    pairs[1].connection.abort();
  });

  it('have totals, to which those count that have ended', async () => {
    const { connections, pairs } = connectSome(2);
    const [{ client, connection: ended }, { connection: live }] = pairs;
    expect(connections.totals).toMatchObject({ connections: 2, bytesReceived: 0, messagesSent: 0 });
    client.write(text('three'));
    ended.receive((fragment) => ended.send(fragment)).catch(() => {});
    await readFrame(client);
    const totals = { connections: 2, bytesReceived: 11, bytesSent: 7, messagesReceived: 1, messagesSent: 1 };
    expect(connections.totals).toEqual(totals);
    ended.abort();
    await ended.closed;
    expect(connections.totals).toEqual(totals);
    live.abort();
  });

  describe('at shutdown', () => {
    it('are closed with 1001, and waited for', async () => {
      const { connections, pairs } = connectSome(3);
      expect(connections.isDraining).toBe(false);
      const drained = connections.drain();
      expect(connections.isDraining).toBe(true);
      for (const { client } of pairs) {
        const { opcode, payload } = await readFrame(client);
        expect([opcode, payload.readUInt16BE(), payload.toString('utf8', 2)]).toEqual([
          8,
          1001,
          'Server shutting down',
        ]);
        expect(connections.size).toBeGreaterThan(0);
        client.end(close(1001));
      }
      await drained;
      expect(connections.size).toBe(0);
      await expect(Promise.all(pairs.map(({ connection }) => connection.closed))).resolves.toEqual(
        pairs.map(() => ({ reason: 'server', status: 1001, description: 'Server shutting down' })),
      );
    });

    it('do not wait when there are none', async () => {
      const { connections } = connectSome(0, { shutdownTimeout: 2 ** 31 - 1 });
      await connections.drain();
      expect(connections.isDraining).toBe(true);
    });

    it('are cut after shutdownTimeout when they do not answer', async () => {
      const { connections, pairs } = connectSome(2, { shutdownTimeout: 1 });
      await connections.drain();
      expect(connections.size).toBe(0);
      expect(await pairs[1].connection.closed).toMatchObject({ reason: 'timeout', status: 1006 });
    });

    it('are given shutdownTimeout and no less, where closeTimeout is shorter', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      const { connections, pairs } = connectSome(1, { closeTimeout: 1000, shutdownTimeout: 2000 });
      const drained = connections.drain();
      jest.advanceTimersByTime(1999);
      expect(pairs[0].server.destroyed).toBe(false);
      jest.advanceTimersByTime(1);
      expect(pairs[0].server.destroyed).toBe(true);
      await drained;
      expect(jest.getTimerCount()).toBe(0);
      jest.useRealTimers();
    });

    it('are cut after shutdownTimeout also when they were closing already', async () => {
      const { connections, pairs } = connectSome(2, { closeTimeout: 2 ** 31 - 1, shutdownTimeout: 1 });
      void pairs[0].connection.close(1000); // by this side, and not answered
      pairs[1].client.write(close(1000)); // by the peer, whose half does not end
      await readFrame(pairs[1].client);
      await connections.drain();
      expect(connections.size).toBe(0);
      expect(await pairs[1].connection.closed).toMatchObject({ reason: 'peer', status: 1000 });
    });
  });
});
