import { jest } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocketConnections } from '../../../../libs/websockets/src/connection/web-socket-connections.js';
import { resolveWebSocketOptions, type WebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { close, text } from '../protocol/client-frame.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

/** Open connections whose clients do nothing. */
function connectSome(
  count: number,
  options: WebSocketOptions = {},
): { connections: WebSocketConnections; pairs: ConnectedPair[] } {
  const connections = new WebSocketConnections(resolveWebSocketOptions(options));
  const pairs = Array.from({ length: count }, () => connect(options));
  pairs.forEach(({ connection }) => connections.add(connection));
  return { connections, pairs };
}

describe('WebSocketConnections', () => {
  it('contains the live connections', async () => {
    const { connections, pairs } = connectSome(2);
    expect(connections.size).toBe(2);
    expect([...connections]).toEqual(pairs.map(({ connection }) => connection));
    pairs[0].connection.abort();
    await pairs[0].connection.closed;
    expect([...connections]).toEqual([pairs[1].connection]);
    pairs[1].connection.abort();
  });

  it('has totals, which include closed connections', async () => {
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
    it('closes with 1001, and waits for the answers', async () => {
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
        pairs.map(() => ({ by: 'server', status: 1001, description: 'Server shutting down' })),
      );
    });

    it('does not wait without connections', async () => {
      const { connections } = connectSome(0, { shutdownTimeout: 2 ** 31 - 1 });
      await connections.drain();
      expect(connections.isDraining).toBe(true);
    });

    it('cuts connections that do not answer within shutdownTimeout', async () => {
      const { connections, pairs } = connectSome(2, { shutdownTimeout: 1 });
      await connections.drain();
      expect(connections.size).toBe(0);
      expect(await pairs[1].connection.closed).toMatchObject({ by: 'timeout', status: 1006 });
    });

    it('gives connections the whole shutdownTimeout if closeTimeout is shorter', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      const { connections, pairs } = connectSome(1, { closeTimeout: 1000, shutdownTimeout: 2000 });
      const drained = connections.drain();
      await nextTurn();
      await nextTurn();
      jest.advanceTimersByTime(1999);
      expect(pairs[0].server.destroyed).toBe(false);
      jest.advanceTimersByTime(1);
      expect(pairs[0].server.destroyed).toBe(true);
      await drained;
      expect(jest.getTimerCount()).toBe(0);
      jest.useRealTimers();
    });

    it('cuts connections that were already closing after shutdownTimeout', async () => {
      const { connections, pairs } = connectSome(2, { closeTimeout: 2 ** 31 - 1, shutdownTimeout: 1 });
      void pairs[0].connection.close(1000); // by this side, without an answer
      pairs[1].client.write(close(1000)); // by the peer, which does not end its half
      await readFrame(pairs[1].client);
      await connections.drain();
      expect(connections.size).toBe(0);
      expect(await pairs[1].connection.closed).toMatchObject({ by: 'peer', status: 1000 });
    });

    it('refuses handshakes at once, and closes connections after drainDelay', async () => {
      const { connections, pairs } = connectSome(1, { drainDelay: 50 });
      const [{ client, connection }] = pairs;
      connection.receive((fragment) => connection.send(fragment)).catch(() => {});
      const drained = connections.drain();
      expect(connections.isDraining).toBe(true);
      client.write(text('still echoed'));
      expect((await readFrame(client)).payload.toString()).toBe('still echoed');
      expect((await readFrame(client)).payload.readUInt16BE()).toBe(1001);
      client.end(close(1001));
      await drained;
    });

    it('waits for drainDelay even without connections, because requests may arrive', async () => {
      const { connections } = connectSome(0, { drainDelay: 20 });
      const order: string[] = [];
      setTimeout(() => order.push('a request arrives'), 10);
      await connections.drain();
      order.push('drained');
      expect(order).toEqual(['a request arrives', 'drained']);
    });

    it('closes connections one after the other over drainSpread, in random order', async () => {
      const random = jest.spyOn(Math, 'random').mockReturnValue(0);
      const { connections, pairs } = connectSome(4, { drainSpread: 40 });
      const order: number[] = [];
      const ends = pairs.map(async ({ client }, i) => {
        await readFrame(client);
        order.push(i);
        client.end(close(1001));
      });
      await connections.drain();
      await Promise.all(ends);
      random.mockRestore();
      expect(order).toEqual([1, 2, 3, 0]);
    });

    it('does not wait for drainSpread after all clients have disconnected', async () => {
      const { connections, pairs } = connectSome(3, { drainSpread: 2 ** 31 - 1 });
      const drained = connections.drain();
      await nextTurn();
      pairs.forEach(({ connection }) => connection.abort());
      await Promise.all(pairs.map(({ connection }) => connection.closed));
      await expect(drained).resolves.toBeUndefined();
    });

    it('lets handlers finish the current message', async () => {
      const { connections, pairs } = connectSome(1);
      const [{ client, connection }] = pairs;
      let finish!: () => void;
      const isFinished = new Promise<void>((resolve) => (finish = resolve));
      const hasBegun = new Promise<void>((resolve) => {
        const answer = async (): Promise<void> => {
          await connection.send('first half, ', { endOfMessage: false });
          resolve();
          await isFinished;
          await connection.send('second half');
        };
        connection.receive(answer).catch(() => {});
      });
      client.write(text('question'));
      await hasBegun;
      const drained = connections.drain();
      expect((await readFrame(client)).payload.toString()).toBe('first half, ');
      await nextTurn();
      finish();
      expect((await readFrame(client)).payload.toString()).toBe('second half');
      expect((await readFrame(client)).payload.readUInt16BE()).toBe(1001);
      client.end(close(1001));
      await drained;
    });

    it('closes connections whose handlers never finish', async () => {
      const { connections, pairs } = connectSome(1, { shutdownTimeout: 2000 });
      const [{ client, connection }] = pairs;
      const hasBegun = new Promise<void>((resolve) => {
        connection
          .receive(() => {
            resolve();
            return new Promise(() => {});
          })
          .catch(() => {});
      });
      client.write(text('question'));
      await hasBegun;
      const drained = connections.drain();
      expect((await readFrame(client)).payload.readUInt16BE()).toBe(1001);
      client.end(close(1001));
      await drained;
    });
  });
});
