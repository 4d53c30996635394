import { setImmediate as turn } from 'node:timers/promises';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Fragment } from '../../../../libs/websockets/src/protocol/fragment.js';
import type { DeflateParameters } from '../../../../libs/websockets/src/protocol/permessage-deflate.js';
import type { WebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { clientFrame, close, ping } from '../protocol/client-frame.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';
import { until } from '../../../support/until.js';

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

// Without context takeover each message is independent, so that a test can inflate it alone.
const agreed: DeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

const connectCompressed = (options: WebSocketOptions = {}): ConnectedPair => connect(options, {}, agreed);
const deflated = (bytes: string | Buffer): Buffer =>
  deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const inflated = (payload: Buffer): Buffer =>
  inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
const compressedText = (bytes: string | Buffer, fin = true): Buffer =>
  clientFrame({ opcode: 1, payload: deflated(bytes), reserved: 4, fin });

async function echo({ connection }: ConnectedPair): Promise<void> {
  const peer = await connection.receive((fragment) => connection.send(fragment));
  await connection.close(peer.status, peer.description);
}

describe('A connection with compression', () => {
  it('echoes compressed and plain messages compressed, in order, and then the close', async () => {
    const pair = connectCompressed();
    void echo(pair);
    pair.client.write(
      Buffer.concat([
        compressedText('one'),
        clientFrame({ opcode: 2, payload: 'two' }),
        compressedText('żółw 🐢'),
        close(1000, 'bye'),
      ]),
    );
    for (const [opcode, message] of [
      [1, 'one'],
      [2, 'two'],
      [1, 'żółw 🐢'],
    ] as const) {
      const frame = await readFrame(pair.client, { compressed: true });
      expect(frame).toMatchObject({ opcode, fin: true });
      expect(inflated(frame.payload).toString()).toBe(message);
    }
    expect((await readFrame(pair.client)).payload.toString('utf8', 2)).toBe('bye');
    pair.client.end();
    expect(await pair.connection.closed).toMatchObject({ by: 'peer', status: 1000 });
  });

  it('accepts a fragmented compressed message with control frames inside, and sets RSV1 on its first frame only', async () => {
    const pair = connectCompressed();
    void echo(pair).catch(() => {});
    const bytes = deflated('fragmented');
    pair.client.write(
      Buffer.concat([
        clientFrame({ opcode: 1, payload: bytes.subarray(0, 4), reserved: 4, fin: false }),
        ping('p'),
        clientFrame({ opcode: 0, payload: bytes.subarray(4) }),
      ]),
    );
    expect(await readFrame(pair.client)).toMatchObject({ opcode: 10 });
    const payloads: Buffer[] = [];
    for (let fin = false; !fin;) {
      const frame = await readFrame(pair.client, { compressed: payloads.length === 0 });
      expect(frame.opcode).toBe(payloads.length === 0 ? 1 : 0);
      payloads.push(frame.payload);
      ({ fin } = frame);
    }
    expect(inflated(Buffer.concat(payloads)).toString()).toBe('fragmented');
    pair.connection.abort();
  });

  it.each<[string, Buffer, number]>([
    ['compressed text that is not UTF-8', compressedText(Buffer.from([0x61, 0xff])), 1007],
    ['compressed text that ends inside a character', compressedText(Buffer.from([0xc3])), 1007],
    [
      'compressed text of invalid UTF-8, followed by a close',
      Buffer.concat([compressedText(Buffer.from([0xff])), close(1000)]),
      1007,
    ],
    ['invalid deflated data', clientFrame({ opcode: 1, payload: Buffer.alloc(9, 0xff), reserved: 4 }), 1007],
    [
      'RSV1 on a continuation',
      Buffer.concat([compressedText('a', false), clientFrame({ opcode: 0, reserved: 4 })]),
      1002,
    ],
    ['RSV1 on a ping', clientFrame({ opcode: 9, reserved: 4 }), 1002],
    ['RSV2', clientFrame({ opcode: 1, reserved: 2 }), 1002],
    ['RSV1 with RSV3', clientFrame({ opcode: 1, reserved: 5 }), 1002],
  ])('rejects %s', async (_name, bytes, status) => {
    const pair = connectCompressed();
    const done = echo(pair);
    pair.client.write(bytes);
    await expect(done).rejects.toMatchObject({ code: 'WS_PROTOCOL_ERROR', closeStatus: status });
    let frame = await readFrame(pair.client).catch(() => undefined);
    while (frame !== undefined && frame.opcode !== 8) {
      frame = await readFrame(pair.client);
    }
    expect(frame?.payload.readUInt16BE()).toBe(status);
    pair.connection.abort();
  });

  it('sends a message with all its parts uncompressed and in order if compression is disabled for it', async () => {
    const { client, connection } = connectCompressed();
    void connection.send('secret-', { endOfMessage: false, compress: false });
    void connection.send('part');
    void connection.send('compressed');
    void connection.close(1000);
    expect(await readFrame(client)).toEqual({ opcode: 1, fin: false, payload: Buffer.from('secret-') });
    expect(await readFrame(client)).toEqual({ opcode: 0, fin: true, payload: Buffer.from('part') });
    expect(inflated((await readFrame(client, { compressed: true })).payload).toString()).toBe('compressed');
    expect(await readFrame(client)).toMatchObject({ opcode: 8 });
    connection.abort();
  });

  it('sends nothing after close() is called', async () => {
    const { client, connection } = connectCompressed();
    void connection.send('before');
    void connection.close(1000);
    void connection.send('after');
    expect(inflated((await readFrame(client, { compressed: true })).payload).toString()).toBe('before');
    expect(await readFrame(client)).toMatchObject({ opcode: 8 });
    client.end(close(1000));
    await connection.closed;
    expect(client.read()).toBeNull();
  });

  it.each<[string, (fragment: Fragment) => void | Promise<unknown>]>([
    ['a callback', () => {}],
    ['the promise of a callback', () => turn()],
  ])('invalidates a fragment at the end of %s', async (_what, onFragment) => {
    const { client, connection } = connectCompressed();
    let kept: Fragment | undefined;
    const received = connection.receive((fragment) => {
      kept = fragment;
      return onFragment(fragment);
    });
    client.write(Buffer.concat([compressedText('message'), close(1000)]));
    await received;
    expect(() => kept?.data).toThrow('valid only during the callback');
    connection.abort();
  });

  it('delivers fragments of at most receiveBufferSize', async () => {
    const { client, connection } = connectCompressed({ receiveBufferSize: 1000 });
    const lengths: number[] = [];
    const received = connection.receive(({ length }) => void lengths.push(length));
    client.write(Buffer.concat([compressedText('x'.repeat(3500)), close(1000)]));
    await received;
    expect(lengths.reduce((sum, length) => sum + length)).toBe(3500);
    expect(Math.max(...lengths)).toBe(1000);
    connection.abort();
  });

  it('closes with 1009 when a message inflates to more than maxMessageSize, and stops inflating', async () => {
    const { client, connection } = connectCompressed({ maxMessageSize: 100_000 });
    const messages = connection.messages();
    const next = messages.next();
    client.write(compressedText(Buffer.alloc(64 * 1024 * 1024)));
    await expect(next).rejects.toMatchObject({ code: 'WS_MESSAGE_TOO_BIG' });
    expect((await readFrame(client)).payload.readUInt16BE()).toBe(1009);
    connection.abort();
  });

  it.each<[string, (pair: ConnectedPair) => void]>([
    ['this side has closed', ({ connection }) => void connection.close(1000)],
    ['the connection has failed', ({ client }) => void client.write(clientFrame({ opcode: 3 }))],
    ['the connection was aborted', ({ connection }) => connection.abort()],
  ])('delivers no further inflated data once %s', async (_what, end) => {
    const pair = connectCompressed({ receiveBufferSize: 1000 });
    let fragments = 0;
    let received: Promise<unknown> | undefined;
    const first = new Promise<void>((resolve) => {
      received = pair.connection.receive(async () => {
        fragments++;
        end(pair);
        resolve();
        await until(() => pair.connection.state !== 'open');
      });
      received.catch(() => {});
    });
    pair.client.write(compressedText(Buffer.alloc(100_000)));
    await first; // zlib works on another thread
    for (let turns = 0; turns < 50; turns++) {
      await turn();
    }
    expect(fragments).toBe(1);
    pair.connection.abort();
    await expect(received).rejects.toMatchObject({ name: 'WebSocketError' });
  });

  it('settles all pending operations when it is lost during compression', async () => {
    const { client, connection } = connectCompressed();
    const sent = connection.send(Buffer.alloc(5_000_000));
    const closed = connection.close(1000);
    client.destroy();
    await sent;
    await closed;
    expect(connection.state).toBe('aborted');
  });

  it('stops inflating for a peer that does not read, without data loss', async () => {
    const pair = connectCompressed({ sendBufferSize: 1000 });
    void echo(pair).catch(() => {});
    const message = Buffer.alloc(8 * 1024 * 1024, 'compress me');
    pair.client.write(clientFrame({ opcode: 2, payload: deflated(message), reserved: 4 }));
    const payloads: Buffer[] = [];
    for (let fin = false; !fin;) {
      const frame = await readFrame(pair.client, { compressed: payloads.length === 0 });
      payloads.push(frame.payload);
      ({ fin } = frame);
    }
    expect(inflated(Buffer.concat(payloads)).equals(message)).toBe(true);
    pair.connection.abort();
  });
});
