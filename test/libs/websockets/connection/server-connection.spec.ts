import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { SENT } from '../../../../libs/websockets/src/connection/message-sender.js';
import type { WebSocketData } from '../../../../libs/websockets/src/connection/prepared-message.js';
import { binary, clientFrame, close, continuation, ping, text } from '../protocol/client-frame.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

const closeFrame = (status?: number, reason = ''): { opcode: number; fin: boolean; payload: Buffer } => ({
  opcode: 8,
  fin: true,
  payload: Buffer.concat([Buffer.from(status === undefined ? [] : [status >> 8, status & 0xff]), Buffer.from(reason)]),
});

async function echo({ connection }: ConnectedPair): Promise<void> {
  const peer = await connection.receive((fragment) => connection.send(fragment));
  await connection.close(peer.status, peer.description);
}

describe('ServerConnection', () => {
  describe('receive', () => {
    afterEach(() => void jest.useRealTimers());

    it('echoes fragment by fragment, with the same type, and FIN on the last fragment only', async () => {
      const pair = connect({ receiveBufferSize: 4096 });
      const done = echo(pair);
      pair.client.write(binary(Buffer.alloc(10_000, 7)));
      expect(await readFrame(pair.client)).toEqual({ opcode: 2, fin: false, payload: Buffer.alloc(4096, 7) });
      expect(await readFrame(pair.client)).toEqual({ opcode: 0, fin: false, payload: Buffer.alloc(4096, 7) });
      expect(await readFrame(pair.client)).toEqual({ opcode: 0, fin: true, payload: Buffer.alloc(1808, 7) });
      pair.client.write(close(1000, 'bye'));
      expect(await readFrame(pair.client)).toEqual(closeFrame(1000, 'bye'));
      pair.client.end();
      await done;
      expect(await pair.connection.closed).toEqual({ by: 'peer', status: 1000, description: 'bye' });
      expect(pair.connection.state).toBe('closed');
    });

    it('calls the handler in the asynchronous context of the call, also for what was held back', async () => {
      const { client, connection } = connect({ sendBufferSize: 1000 });
      const storage = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      const received = storage.run('of receive', () =>
        connection.receive(async (fragment) => {
          seen.push(storage.getStore());
          await connection.send(fragment);
          seen.push(storage.getStore());
        }),
      );
      client.write(Buffer.concat([text('a'), binary(Buffer.alloc(200_000)), text('b'), close(1000)]));
      client.resume();
      await received;
      expect(seen.length).toBeGreaterThanOrEqual(6);
      expect(new Set(seen)).toEqual(new Set(['of receive']));
      connection.abort();
    });

    it('writes once for a thousand messages of one read', async () => {
      const pair = connect();
      void echo(pair).catch(() => {});
      await turn();
      pair.client.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => text(`message ${i}`))));
      for (let i = 0; i < 1000; i++) {
        expect((await readFrame(pair.client)).payload.toString()).toBe(`message ${i}`);
      }
      expect(pair.server.writes).toHaveLength(1);
      pair.connection.abort();
    });

    it('delivers no fragment before it returns its promise, nor during a pending promise of the handler', async () => {
      const { client, connection } = connect();
      client.write(Buffer.concat([text('a'), ping('between'), text('b')]));
      await turn();
      const seen: string[] = [];
      const handled: (() => void)[] = [];
      const received = connection.receive(async ({ data }) => {
        seen.push(data.toString());
        await new Promise<void>((resolve) => handled.push(resolve));
      });
      expect(seen).toEqual([]);
      expect(await readFrame(client)).toEqual({ opcode: 10, fin: true, payload: Buffer.from('between') });
      expect(seen).toEqual(['a']);
      handled.shift()?.();
      await turn();
      expect(seen).toEqual(['a', 'b']);
      client.write(close(1000));
      await turn();
      handled.shift()?.();
      expect(await received).toEqual({ status: 1000, description: '' });
      connection.abort();
    });

    it('keeps a fragment valid while the promise of the handler is pending', async () => {
      const { client, connection } = connect();
      const sent = connection.receive(async (fragment) => {
        await turn();
        await connection.send(fragment);
      });
      client.write(Buffer.concat([text('one'), text('two'), close()]));
      expect((await readFrame(client)).payload.toString()).toBe('one');
      expect((await readFrame(client)).payload.toString()).toBe('two');
      expect(await sent).toEqual({ status: undefined, description: '' });
      connection.abort();
    });

    it.each<[string, () => never | Promise<never>]>([
      [
        'throws',
        () => {
          throw new Error('handler');
        },
      ],
      ['rejects', () => Promise.reject(new Error('handler'))],
    ])('rejects when the handler %s, and leaves the connection open', async (_name, handler) => {
      const { client, connection } = connect();
      client.write(text('a'));
      await expect(connection.receive(handler)).rejects.toThrow('handler');
      expect(connection.state).toBe('open');
      connection.abort();
    });

    it('rejects a second receive() or messages() during the first, which goes on', async () => {
      const { connection } = connect();
      const first = connection.receive(() => {});
      await expect(connection.receive(() => {})).rejects.toMatchObject({ code: 'WS_ALREADY_RECEIVING' });
      const { value } = await connection
        .messages()
        .next()
        .then(
          () => ({ value: 'a message' }),
          (error: { code: string }) => ({ value: error.code }),
        );
      expect(value).toBe('WS_ALREADY_RECEIVING');
      connection.abort();
      await expect(first).rejects.toMatchObject({ code: 'WS_ABORTED' });
    });

    it('rejects with WS_CLOSED_PREMATURELY when the connection ends without a close frame', async () => {
      const pair = connect();
      const received = pair.connection.receive(() => {});
      pair.client.end(text('a'));
      await expect(received).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY', closeStatus: 1006 });
      expect(await pair.connection.closed).toMatchObject({ by: 'transport', status: 1006 });
      expect(pair.connection.state).toBe('aborted');
    });

    it('lets a slow handler answer a client that has ended its half without a close frame', async () => {
      const { client, server, connection } = connect();
      const done = connection.receive(async ({ data }) => {
        await once(server, 'end');
        await connection.send(`You said ${data.toString()}`);
      });
      client.end(text('Hi'));
      expect(await readFrame(client)).toMatchObject({ opcode: 1, payload: Buffer.from('You said Hi') });
      await expect(done).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
      expect(await connection.closed).toMatchObject({ by: 'transport' });
    });

    it('stops waiting when the client is lost after it ended its half, during a slow handler', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      const { client, server, connection } = connect({ keepAliveInterval: 0 });
      const received = connection.receive(async () => {
        await once(server, 'end');
        client.destroy();
        await connection.closed;
      });
      client.end(text('Hi'));
      await expect(received).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
      await connection.closed;
      await turn();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('reports the cause of the end even if it is called afterwards', async () => {
      const peer = connect();
      peer.client.write(close(3000, 'gone'));
      expect(await readFrame(peer.client)).toEqual(closeFrame(3000, 'gone'));
      expect(await peer.connection.receive(() => {})).toEqual({ status: 3000, description: 'gone' });
      peer.client.end();

      const lost = connect();
      lost.client.destroy();
      await lost.connection.closed;
      await expect(lost.connection.receive(() => {})).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
    });
  });

  describe('before receive()', () => {
    it("answers pings and the peer's close", async () => {
      const { client, connection } = connect();
      client.write(Buffer.concat([ping('p'), close(1001)]));
      expect(await readFrame(client)).toEqual({ opcode: 10, fin: true, payload: Buffer.from('p') });
      expect(await readFrame(client)).toEqual(closeFrame(1001));
      client.end();
      expect(await connection.closed).toEqual({ by: 'peer', status: 1001, description: '' });
    });

    it('reads no further than the start of the first message', async () => {
      const { client, server, connection } = connect();
      client.write(text('waits'));
      await turn();
      expect(server.isPaused()).toBe(true);
      const { value } = await connection.messages().next();
      expect(value).toEqual({ type: 'text', data: 'waits' });
      connection.abort();
    });
  });

  describe('on a protocol violation', () => {
    it.each<[string, Buffer, number]>([
      ['an unmasked frame', clientFrame({ opcode: 1, masked: false }), 1002],
      ['a reserved bit', clientFrame({ opcode: 1, reserved: 4 }), 1002],
      ['text that is not UTF-8', text(Buffer.from([0xff])), 1007],
    ])('closes with 1002 or 1007 after the echo of earlier messages: %s', async (_name, wrong, status) => {
      const pair = connect();
      const done = echo(pair);
      pair.client.write(Buffer.concat([text('right'), wrong, text('ignored')]));
      expect((await readFrame(pair.client)).payload.toString()).toBe('right');
      const answer = await readFrame(pair.client);
      expect(answer.opcode).toBe(8);
      expect(answer.payload.readUInt16BE()).toBe(status);
      pair.client.end();
      await expect(done).rejects.toMatchObject({ code: 'WS_PROTOCOL_ERROR', closeStatus: status });
      expect(await pair.connection.closed).toMatchObject({ by: 'protocol', status });
    });
  });

  describe('close', () => {
    it('sends earlier messages, discards later ones from the peer, and waits for its answer', async () => {
      const { client, connection } = connect();
      const seen: string[] = [];
      const received = connection.receive(({ data }) => void seen.push(data.toString()));
      void connection.send('last words');
      const closed = connection.close(4000, 'enough');
      expect(connection.state).toBe('closeSent');
      client.write(text('too late'));
      expect((await readFrame(client)).payload.toString()).toBe('last words');
      expect(await readFrame(client)).toEqual(closeFrame(4000, 'enough'));
      client.write(close(4000));
      client.end();
      await closed;
      expect(await received).toEqual({ status: 4000, description: '' });
      expect(seen).toEqual([]);
      expect(await connection.closed).toEqual({ by: 'server', status: 4000, description: 'enough' });
    });

    it('has an effect once', async () => {
      const { client, connection } = connect();
      void connection.close(1000, 'first');
      const second = connection.close(1001, 'second');
      expect(await readFrame(client)).toEqual(closeFrame(1000, 'first'));
      client.end(close(1000));
      await second;
      expect(client.read()).toBeNull();
    });

    it('cuts the connection when the peer does not answer within closeTimeout', async () => {
      const { connection } = connect({ closeTimeout: 0 });
      const received = connection.receive(() => {});
      await Promise.all([
        connection.close(1000),
        expect(received).rejects.toMatchObject({
          code: 'WS_TIMEOUT',
          message: expect.stringContaining('0 ms') as string,
        }),
      ]);
      expect(await connection.closed).toMatchObject({ by: 'timeout', status: 1006 });
    });

    it('cuts the connection of a peer that never ends its half', async () => {
      const { client, connection } = connect({ closeTimeout: 0 });
      client.write(close(1000));
      await once(client, 'close');
      expect(await connection.closed).toEqual({ by: 'peer', status: 1000, description: '' });
    });

    it.each<[string, number | undefined, string]>([
      ['the status 999', 999, ''],
      ['the status 1004', 1004, ''],
      ['the status 1005', 1005, ''],
      ['the status 1006', 1006, ''],
      ['the status 1015', 1015, ''],
      ['the status 2999', 2999, ''],
      ['the status 5000', 5000, ''],
      ['the status NaN', NaN, ''],
      ['a description of 124 bytes', 1000, 'é'.repeat(62)],
      ['a reason without a status', undefined, 'why'],
    ])('rejects %s, and leaves the connection open', async (_name, status, description) => {
      const { connection } = connect();
      await expect(connection.close(status, description)).rejects.toMatchObject({ code: 'WS_INVALID_CLOSE' });
      expect(connection.state).toBe('open');
      connection.abort();
    });
  });

  describe('send', () => {
    it.each<[string, WebSocketData, number, string]>([
      ['a string as text', 'żółw', 1, 'żółw'],
      ['a Buffer as binary', Buffer.from('b'), 2, 'b'],
      ['a view as binary', new Uint8Array([0x78, 0x79, 0x7a]).subarray(1, 2), 2, 'y'],
      ['an ArrayBuffer as binary', new Uint8Array([0x7a]).buffer, 2, 'z'],
      ['an empty string', '', 1, ''],
    ])('sends %s', async (_name, data, opcode, payload) => {
      const { client, connection } = connect();
      void connection.send(data);
      expect(await readFrame(client)).toEqual({ opcode, fin: true, payload: Buffer.from(payload) });
      connection.abort();
    });

    it('sends the parts of a message with control frames between them', async () => {
      const { client, connection } = connect();
      void connection.send('a', { endOfMessage: false });
      client.write(ping());
      void connection.send('b', { type: 'text', endOfMessage: false });
      void connection.send(Buffer.from('c'), { type: 'binary', endOfMessage: true });
      void connection.send(Buffer.from('d'), { type: 'text' });
      const frames = [];
      for (let i = 0; i < 5; i++) {
        frames.push(await readFrame(client));
      }
      const data = frames.filter(({ opcode }) => opcode < 8);
      expect(data.map(({ opcode, fin, payload }) => `${opcode}${fin ? '!' : ''}${payload.toString()}`)).toEqual([
        '1a',
        '0b',
        '0!c',
        '1!d',
      ]);
      connection.abort();
    });

    it.each([[42], [null], [{}], [undefined]])('rejects %p', async (data) => {
      const { connection } = connect();
      await expect(connection.send(data as never)).rejects.toMatchObject({ code: 'WS_INVALID_DATA' });
      connection.abort();
    });

    it('waits while more than sendBufferSize bytes are buffered, and otherwise returns the shared settled promise', async () => {
      const { client, connection } = connect({ sendBufferSize: 1000 });
      const waits = connection.send(Buffer.alloc(1_000_000));
      expect(waits).not.toBe(SENT);
      client.resume();
      expect(await waits).toBe(true);
      const sent = connection.send('small');
      expect(sent).toBe(SENT);
      expect(await sent).toBe(true);
      connection.abort();
    });

    it('reports that nothing was sent when the connection ends during the wait, and after this side has closed', async () => {
      const { connection } = connect({ sendBufferSize: 1000 });
      const waits = connection.send(Buffer.alloc(1_000_000));
      void connection.close(1000);
      expect(await connection.send('too late')).toBe(false);
      connection.abort();
      expect(await waits).toBe(false);
      expect(await connection.send('too late')).toBe(false);
    });

    it('rejects a type other than text and binary, and options that are not an object', async () => {
      const { connection } = connect();
      const refused = { code: 'WS_INVALID_DATA' };
      await expect(connection.send('a', { type: 'json' as never })).rejects.toMatchObject(refused);
      await expect(connection.send('a', 'text' as never)).rejects.toMatchObject(refused);
      connection.abort();
    });

    it('stops reading from a peer that does not read, without data loss', async () => {
      const pair = connect({ sendBufferSize: 1000 });
      void echo(pair).catch(() => {});
      const message = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i & 0xff));
      let refused = false;
      for (let i = 0; i < 40; i++) {
        refused = !pair.client.write(binary(message));
      }
      await turn();
      expect(refused).toBe(true);
      expect(pair.server.isPaused()).toBe(true);
      expect(pair.server.writableLength).toBeLessThan(300_000);
      let bytes = Buffer.alloc(0);
      for (let messages = 0; messages < 40;) {
        const frame = await readFrame(pair.client);
        bytes = Buffer.concat([bytes, frame.payload]);
        if (frame.fin) {
          expect(bytes.equals(message)).toBe(true);
          bytes = Buffer.alloc(0);
          messages++;
        }
      }
      pair.connection.abort();
    });

    it('neither throws nor sends after the end of the connection, and yields to other work', async () => {
      const { connection } = connect();
      connection.abort();
      let ended = false;
      const loop = (async () => {
        while (!ended) {
          await connection.send('not heard');
        }
      })();
      await connection.closed;
      ended = true;
      await expect(loop).resolves.toBeUndefined();
    });
  });

  describe('abort', () => {
    it('settles every pending receive, send and close at once', async () => {
      const { connection } = connect({ sendBufferSize: 0 });
      const received = connection.receive(() => {});
      const sent = connection.send(Buffer.alloc(1_000_000));
      const closed = connection.close(1000);
      connection.abort();
      await expect(received).rejects.toMatchObject({ code: 'WS_ABORTED' });
      await sent;
      await closed;
      expect(connection.state).toBe('aborted');
      expect(await connection.closed).toMatchObject({ by: 'abort', status: 1006 });
    });
  });

  it('follows an error of the transport, even if the transport does not destroy itself', async () => {
    const { client, connection, server } = connect();
    const error = new Error('The stream has been reset.');
    client.write(text('Hi'));

    server.emit('error', error); // as an HTTP/2 stream with unread bytes does for a write after a reset

    await expect(connection.closed).resolves.toMatchObject({ by: 'transport', error });
    expect(server.destroyed).toBe(true);
  });

  describe('messages', () => {
    it('yields whole messages, text as strings and binary as bytes, until the peer closes', async () => {
      const { client, connection } = connect();
      client.write(
        Buffer.concat([
          text('Hé'),
          text('l', false),
          ping(),
          continuation('lo'),
          binary('b', false),
          continuation(''),
          text(''),
          close(1000),
        ]),
      );
      const messages = [];
      for await (const message of connection.messages()) {
        messages.push(message);
      }
      expect(messages).toEqual([
        { type: 'text', data: 'Hé' },
        { type: 'text', data: 'llo' },
        { type: 'binary', data: Buffer.from('b') },
        { type: 'text', data: '' },
      ]);
      connection.abort();
    });

    it('waits for the reader, and keeps messages for a reader that stops and comes back', async () => {
      const { client, connection } = connect();
      client.write(Buffer.concat([text('1'), text('2'), text('3')]));
      const seen: unknown[] = [];
      for await (const { data } of connection.messages()) {
        seen.push(data);
        break;
      }
      for await (const { data } of connection.messages()) {
        seen.push(data);
        if (data === '3') {
          break;
        }
      }
      expect(seen).toEqual(['1', '2', '3']);
      connection.abort();
    });

    it.each<[string, Buffer]>([
      ['in one frame', text('x'.repeat(101))],
      ['in several frames', Buffer.concat([text('x'.repeat(60), false), continuation('x'.repeat(60))])],
    ])('closes with 1009 for a message larger than maxMessageSize, %s', async (_name, bytes) => {
      const { client, connection } = connect({ maxMessageSize: 100 });
      client.write(Buffer.concat([text('x'.repeat(100)), bytes]));
      const messages = connection.messages();
      expect((await messages.next()).value).toEqual({ type: 'text', data: 'x'.repeat(100) });
      await expect(messages.next()).rejects.toMatchObject({ code: 'WS_MESSAGE_TOO_BIG', closeStatus: 1009 });
      expect((await readFrame(client)).payload.readUInt16BE()).toBe(1009);
      connection.abort();
    });

    it('rejects with the error of a lost connection, after the messages before it', async () => {
      const { client, connection } = connect();
      client.end(text('last'));
      const messages = connection.messages();
      expect((await messages.next()).value).toEqual({ type: 'text', data: 'last' });
      await expect(messages.next()).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
    });
  });

  it('exposes its handshake, and counts the traffic in each direction', async () => {
    const before = Date.now();
    const pair = connect({}, { path: '/ws?x=1', httpVersion: '2', remoteAddress: '1.2.3.4', subprotocol: 'chat' });
    const { client, connection } = pair;
    expect(connection).toMatchObject({
      path: '/ws?x=1',
      httpVersion: '2',
      remoteAddress: '1.2.3.4',
      subprotocol: 'chat',
    });
    expect(connection.since).toBeGreaterThanOrEqual(before);
    const { connection: later } = connect();
    expect(later.id).toBeGreaterThan(connection.id);
    later.abort();
    void echo(pair).catch(() => {});
    client.write(Buffer.concat([text('one'), text('tw', false), continuation('o')]));
    for (let i = 0; i < 3; i++) {
      await readFrame(client);
    }
    expect(connection).toMatchObject({
      messagesReceived: 2,
      messagesSent: 2,
      bytesReceived: 9 + 8 + 7,
      bytesSent: 5 + 4 + 3,
    });
    connection.abort();
  });
});
