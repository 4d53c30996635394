import { setImmediate as turn } from 'node:timers/promises';
import { SENT } from '../../../../libs/websockets/src/connection/message-sender.js';
import { PreparedMessage } from '../../../../libs/websockets/src/connection/prepared-message.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

const text = (payload: string): unknown => ({ opcode: 1, fin: true, payload: Buffer.from(payload) });

describe('PreparedMessage', () => {
  it.each([
    ['text', 'häh', [0x81, 4]],
    ['bytes', Buffer.alloc(3), [0x82, 3]],
    ['an ArrayBuffer', new ArrayBuffer(126), [0x82, 126, 0, 126]],
    ['long text', 'x'.repeat(70_000), [0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]],
  ])('contains the frame of %s', (_, data, header) => {
    const { frame } = new PreparedMessage(data);
    expect(frame.subarray(0, header.length)).toEqual(Buffer.from(header));
    expect(frame.subarray(header.length)).toEqual(
      typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer),
    );
  });

  it('reports its size in bytes', () => {
    expect(new PreparedMessage('häh').byteLength).toBe(4);
    expect(new PreparedMessage(new ArrayBuffer(126)).byteLength).toBe(126);
  });

  it('does not change when its source does', () => {
    const bytes = Buffer.from('before');
    const message = new PreparedMessage(bytes, 'text');
    bytes.write('after!');
    expect(message.frame.toString('latin1')).toBe('\x81\x06before');
  });

  it('rejects data that is neither text nor bytes', () => {
    expect(() => new PreparedMessage(12 as unknown as string)).toThrow('the type number');
  });

  it('is sent to many connections, together with their other data, in one write each per turn', async () => {
    const pairs = Array.from({ length: 50 }, () => connect());
    const messages = Array.from({ length: 20 }, (_, i) => new PreparedMessage(`message ${i}`));
    for (const message of messages) {
      pairs.forEach(({ connection }) => expect(connection.send(message)).toBe(SENT));
    }
    for (const { client, server, connection } of pairs) {
      for (let i = 0; i < messages.length; i++) {
        expect(await readFrame(client)).toEqual(text(`message ${i}`));
      }
      expect(server.writes).toHaveLength(1);
      expect(connection.messagesSent).toBe(20);
      expect(connection.bytesSent).toBe(messages.reduce((sum, { frame }) => sum + frame.length, 0));
      connection.abort();
    }
  });

  it('keeps its place among other messages of any size', async () => {
    const pair = connect();
    const { client, connection } = pair;
    const other = connect();
    const expected: string[] = [];
    for (let i = 0; i < 200; i++) {
      const payload = `${i} `.padEnd(i % 7 === 0 ? 20_000 : 50, '.');
      expected.push(payload);
      void connection.send(i % 3 === 0 ? payload : new PreparedMessage(payload));
      void other.connection.send(new PreparedMessage('to another'));
    }
    void connection.close(1000, 'done');
    for (const message of expected) {
      const { opcode, fin, payload } = await readFrame(client);
      expect([opcode, fin, payload.toString()]).toEqual([1, true, message]);
    }
    expect((await readFrame(client)).opcode).toBe(8);
    connection.abort();
    other.connection.abort();
  });

  it('can be one part of a message', async () => {
    const { client, connection } = connect();
    void connection.send('a', { endOfMessage: false });
    void connection.send(new PreparedMessage('b'), { endOfMessage: false });
    void connection.send(new PreparedMessage(Buffer.from('c')));
    void connection.send(new PreparedMessage('d'), { type: 'binary' });
    const frames = [await readFrame(client), await readFrame(client), await readFrame(client), await readFrame(client)];
    expect(frames.map(({ opcode, fin, payload }) => [opcode, fin, payload.toString()])).toEqual([
      [1, false, 'a'],
      [0, false, 'b'],
      [0, true, 'c'],
      [2, true, 'd'],
    ]);
    connection.abort();
  });

  it('is compressed for a connection with compression, unless compression is disabled for it', async () => {
    const deflate = {
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 15,
    };
    const { client, connection } = connect({}, {}, deflate);
    const message = new PreparedMessage('again and again and again and again');
    await connection.send(message);
    expect((await readFrame(client, { compressed: true })).payload.length).toBeLessThan(30);
    await connection.send(message, { compress: false });
    expect(await readFrame(client)).toEqual(text('again and again and again and again'));
    connection.abort();
  });

  it('applies backpressure to a sender whose peer does not read, and is in memory once for all connections', async () => {
    const pairs: ConnectedPair[] = Array.from({ length: 10 }, () => connect({ sendBufferSize: 100_000 }));
    const messages = Array.from({ length: 30 }, () => new PreparedMessage(Buffer.alloc(10_000)));
    const given = new Set<ArrayBufferLike>();
    for (const { server } of pairs) {
      const write = server.write.bind(server);
      server.write = ((bytes: Buffer) => {
        given.add(bytes.buffer);
        return write(bytes);
      }) as typeof server.write;
    }
    for (const { connection } of pairs) {
      expect(connection.send(Buffer.alloc(90_000))).toBe(SENT);
      await turn();
      expect(connection.bufferedAmount).toBeGreaterThan(0);
    }
    given.clear();
    const waits = pairs.map(({ connection }) => messages.map((message) => connection.send(message)).at(-1)!);
    await turn();
    expect(waits.every((wait) => wait !== SENT)).toBe(true);
    expect(given.size).toBe(messages.length);
    pairs.forEach(({ connection }) => connection.abort());
    expect(await Promise.all(waits)).toEqual(pairs.map(() => false));
  });

  it('occupies no memory after the end of the connection', async () => {
    const { connection } = connect();
    void connection.send(new PreparedMessage('on its way'));
    connection.abort();
    expect(await connection.send(new PreparedMessage('too late'))).toBe(false);
    expect(await connection.closed).toMatchObject({ by: 'abort' });
  });
});
