import { close, ping, pong } from '../protocol/client-frame.js';
import { connect, readFrame } from '../../../support/socket-pair.js';

describe('ping', () => {
  it('sends its payload, and resolves with the round-trip time when a pong has the same payload', async () => {
    const { client, connection } = connect();
    const answered = connection.ping('are you there?');
    expect(await readFrame(client)).toEqual({ opcode: 9, fin: true, payload: Buffer.from('are you there?') });
    client.write(Buffer.concat([pong('another'), ping('and now')]));
    await readFrame(client);
    expect(connection.roundTripTime).toBeUndefined();
    client.write(pong('are you there?'));
    const time = await answered;
    expect(time).toBeGreaterThan(0);
    expect(connection.roundTripTime).toBe(time);
    connection.abort();
  });

  it('has a unique payload by default', async () => {
    const { client, connection } = connect();
    void connection.ping();
    void connection.ping();
    const [first, second] = [await readFrame(client), await readFrame(client)];
    expect(first.payload).not.toEqual(second.payload);
    connection.abort();
  });

  it('is answered by the pong to a later ping', async () => {
    const { client, connection } = connect();
    const answered = Promise.all([connection.ping('a'), connection.ping('b')]);
    client.write(pong('b'));
    expect(await answered).toEqual([expect.any(Number), expect.any(Number)]);
    connection.abort();
  });

  it('is answered by the pong to a later ping of keep-alive', async () => {
    const { client, connection } = connect({ keepAliveInterval: 1 });
    const answered = connection.ping('a');
    await readFrame(client);
    const ofKeepAlive = await readFrame(client);
    client.write(pong(ofKeepAlive.payload));
    expect(await answered).toBeGreaterThan(0);
    connection.abort();
  });

  it('is not answered by the pong to an earlier ping of keep-alive', async () => {
    const { client, connection } = connect({ keepAliveInterval: 1 });
    const ofKeepAlive = await readFrame(client);
    const answered = connection.ping('a');
    client.write(Buffer.concat([pong(ofKeepAlive.payload), ping('and now')]));
    let isAnswered = false;
    answered.then(() => (isAnswered = true)).catch(() => {});
    while ((await readFrame(client)).payload.toString() !== 'and now') {
      // a ping of keep-alive, or the ping of the application
    }
    expect(isAnswered).toBe(false);
    connection.abort();
    await expect(answered).rejects.toMatchObject({ code: 'WS_ABORTED' });
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['text', 'é'.repeat(63), /126 bytes; at most 125/],
    ['bytes', Buffer.alloc(126), /126 bytes; at most 125/],
  ])('rejects %s of more than 125 bytes', async (_what, payload, message) => {
    const { connection } = connect();
    await expect(connection.ping(payload)).rejects.toMatchObject({
      code: 'WS_INVALID_DATA',
      message: expect.stringMatching(message) as string,
    });
    connection.abort();
  });

  it.each<[string, string, (pair: ReturnType<typeof connect>) => unknown]>([
    ['the peer closes', 'WS_NOT_OPEN', ({ client }) => client.end(close(1000))],
    ['the peer violates the protocol', 'WS_PROTOCOL_ERROR', ({ client }) => client.write(Buffer.from([0xff, 0xff]))],
    ['the transport is lost', 'WS_CLOSED_PREMATURELY', ({ client }) => client.destroy()],
    ['it is aborted', 'WS_ABORTED', ({ connection }) => connection.abort()],
  ])('rejects when %s before the pong, with %s', async (_when, code, end) => {
    const pair = connect();
    const answered = pair.connection.ping();
    end(pair);
    await expect(answered).rejects.toMatchObject({ code });
    await expect(pair.connection.ping()).rejects.toMatchObject({ code: 'WS_NOT_OPEN' });
    pair.connection.abort();
  });

  it('may be called without handling its promise', async () => {
    const { connection } = connect();
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    void connection.ping();
    connection.abort();
    void connection.ping();
    await connection.closed;
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
});
