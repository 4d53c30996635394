import { jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { PreparedMessage } from '../../../../libs/websockets/src/connection/prepared-message.js';
import { WebSocketConnections } from '../../../../libs/websockets/src/connection/web-socket-connections.js';
import type {
  WebSocketConnectionObserver,
  WebSocketHandshake,
} from '../../../../libs/websockets/src/connection/web-socket-observer.js';
import { resolveWebSocketOptions, type WebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { clientFrame, close, ping, pong, text } from '../protocol/client-frame.js';
import { connect, readBytes, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

const handshake: WebSocketHandshake = {
  headers: {},
  rawHeaders: [],
  path: '/',
  remoteAddress: '127.0.0.1',
  addresses: ['127.0.0.1'],
  httpVersion: '1.1',
  tlsVersion: undefined,
  origin: undefined,
  userAgent: undefined,
};

/** A connection of an application after its handshake was accepted. */
function open(
  observer?: WebSocketConnectionObserver,
  {
    connections = new WebSocketConnections(resolveWebSocketOptions()),
    ...options
  }: WebSocketOptions & {
    connections?: WebSocketConnections;
  } = {},
): ConnectedPair & { connections: WebSocketConnections } {
  if (observer !== undefined) {
    connections.observe({ opened: () => observer });
  }
  const pair = connect(options);
  connections.add(pair.connection);
  connections.observers.opened(pair.connection, handshake);
  return { ...pair, connections };
}

/** Records the calls of an observer's callbacks, without the connection. */
function recorder(): { calls: unknown[][]; observer: Required<WebSocketConnectionObserver> } {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (_connection: unknown, ...details: unknown[]): void =>
      void calls.push([name, ...details]);
  return {
    calls,
    observer: {
      frameReceived: note('frameReceived'),
      frameSent: note('frameSent'),
      messageReceived: note('messageReceived'),
      messageSent: note('messageSent'),
      pongReceived: note('pongReceived'),
      paused: note('paused'),
      resumed: note('resumed'),
    },
  };
}

/** The length and opcode of each frame of one side. */
const framesOf = (calls: readonly unknown[][], name: string): unknown[][] =>
  calls
    .filter(([called]) => called === name)
    .map(([, frame]) => {
      const { opcode, length } = frame as { opcode: number; length: number };
      return [opcode, length];
    });

describe('An observer of the connections', () => {
  it('receives the opening and the end of a connection, with the same object, and no events after its removal', async () => {
    const connections = new WebSocketConnections(resolveWebSocketOptions());
    const told: unknown[][] = [];
    const stop = connections.observe({
      opened: (...details) => void told.push(['opened', ...details]),
      closed: (...details) => void told.push(['closed', ...details]),
    });
    const { client, connection } = open(undefined, { connections });
    client.end(close(1000, 'bye'));
    const closed = await connection.closed;
    await turn();
    expect(told).toEqual([
      ['opened', connection, handshake],
      ['closed', connection, { by: 'peer', status: 1000, description: 'bye' }, undefined],
    ]);
    expect(told[1][2]).toBe(closed);
    stop();
    open(undefined, { connections }).connection.abort();
    await turn();
    expect(told).toHaveLength(2);
  });

  it('receives the error of the handler, or otherwise the cause of the end', async () => {
    const connections = new WebSocketConnections(resolveWebSocketOptions());
    const errors: unknown[] = [];
    connections.observe({ closed: (_connection, _closed, error) => void errors.push(error) });
    const [first, second] = [open(undefined, { connections }), open(undefined, { connections })];
    first.client.write(clientFrame({ opcode: 3 }));
    await readFrame(first.client);
    first.client.end();
    await first.connection.closed;
    const failure = new Error('of the handler');
    second.connection.handlerError = failure;
    second.connection.abort();
    await second.connection.closed;
    await turn();
    expect(errors).toEqual([expect.objectContaining({ code: 'WS_PROTOCOL_ERROR' }), failure]);
  });

  it('that throws affects neither the connection nor other observers', async () => {
    const connections = new WebSocketConnections(resolveWebSocketOptions());
    const failure = new Error('of the observer');
    connections.observe({
      opened: () => {
        throw failure;
      },
    });
    const { calls, observer } = recorder();
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => {});
    const { connection, client } = open(observer, { connections });
    const [[rethrow]] = nextTick.mock.calls;
    nextTick.mockRestore();
    expect(rethrow).toThrow(failure);
    client.write(ping());
    await readFrame(client);
    expect(calls).not.toEqual([]);
    connection.abort();
  });
});

describe('An observer of one connection', () => {
  it('receives each frame and message, in both directions', async () => {
    const { calls, observer } = recorder();
    const { client, connection } = open(observer);
    void connection.receive((fragment) => connection.send(fragment)).catch(() => {});
    client.write(Buffer.concat([text('Hello'), ping('?')]));
    await readFrame(client);
    await readFrame(client);
    expect(calls).toEqual([
      ['frameReceived', { opcode: 1, fin: true, rsv1: false, masked: true, length: 5 }],
      ['messageReceived', 'text', 5],
      ['frameReceived', { opcode: 9, fin: true, rsv1: false, masked: true, length: 1 }],
      ['frameSent', { opcode: 1, fin: true, rsv1: false, masked: false, length: 5 }],
      ['messageSent', 'text', 5],
      ['frameSent', { opcode: 10, fin: true, rsv1: false, masked: false, length: 1 }],
    ]);
    connection.abort();
  });

  it.each<[string, (send: ReturnType<typeof open>['connection']) => unknown, number]>([
    ['copied', (connection) => connection.send(Buffer.alloc(100)), 102],
    ['written by reference', (connection) => connection.send(Buffer.alloc(70_000)), 70_010],
    ['shared by many connections', (connection) => connection.send(new PreparedMessage(Buffer.alloc(100))), 102],
    [
      'shared and written one by one',
      (connection) => {
        void connection.send(new PreparedMessage(Buffer.alloc(70_000)));
        return connection.send(new PreparedMessage(Buffer.alloc(70_000)));
      },
      140_020,
    ],
  ])('receives a frame that is %s', async (_how, send, bytes) => {
    const { calls, observer } = recorder();
    const { client, connection } = open(observer);
    void send(connection);
    await readBytes(client, bytes);
    await turn();
    const sent = framesOf(calls, 'frameSent');
    expect(sent.map(([, length]) => length)).toEqual(
      bytes > 100_000 ? [70_000, 70_000] : [bytes === 102 ? 100 : 70_000],
    );
    connection.abort();
  });

  it('may send in the callback of a frame that is sent', async () => {
    const sizes: number[] = [];
    const { client, connection } = open({
      frameSent(observed, { length }) {
        sizes.push(length);
        if (length === 40_000) {
          void observed.send(Buffer.alloc(30_000, 2));
        } else if (length === 30_000) {
          void observed.send(Buffer.alloc(3, 3));
        }
      },
    });
    void connection.send(Buffer.alloc(40_000, 1));
    const bytes = await readBytes(client, 40_004 + 30_004 + 5);
    expect(sizes).toEqual([40_000, 30_000, 3]);
    expect([bytes[10], bytes[40_010], bytes.at(-1)]).toEqual([1, 2, 3]);
    connection.abort();
  });

  it('may send while another connection writes', async () => {
    let isFirst = true;
    const one = open({
      frameSent(observed) {
        if (isFirst) {
          isFirst = false;
          void observed.send(Buffer.alloc(8000));
        }
      },
    });
    const other = open();
    void one.connection.send(Buffer.alloc(4000));
    const frames = [1, 2].map((byte) => new PreparedMessage(Buffer.alloc(64_000, byte)));
    void frames.map((frame) => other.connection.send(frame));
    const bytes = await readBytes(other.client, 2 * 64_004);
    expect([bytes[64_003], bytes[64_008], bytes.at(-1)]).toEqual([1, 2, 2]);
    expect((await readFrame(one.client)).payload).toHaveLength(4000);
    expect((await readFrame(one.client)).payload).toHaveLength(8000);
    one.connection.abort();
    other.connection.abort();
  });

  it('receives a frame that violates the protocol, and the close frame that answers it', async () => {
    const { calls, observer } = recorder();
    const { client, connection } = open(observer);
    client.write(clientFrame({ opcode: 1, payload: 'bare', masked: false }));
    await readFrame(client);
    expect(calls[0]).toEqual(['frameReceived', { opcode: 1, fin: true, rsv1: false, masked: false, length: 4 }]);
    expect(framesOf(calls, 'frameSent')).toEqual([[8, expect.any(Number)]]);
    connection.abort();
  });

  it('receives pongs, with the round-trip time if one answers a ping', async () => {
    const { calls, observer } = recorder();
    const { client, connection } = open({ pongReceived: observer.pongReceived });
    client.write(pong('unasked'));
    const answered = connection.ping('now');
    await readFrame(client);
    client.write(pong('now'));
    const roundTripTime = await answered;
    expect(calls).toEqual([
      ['pongReceived', 7, undefined],
      ['pongReceived', 3, expect.closeTo(roundTripTime, 0)],
    ]);
    connection.abort();
  });

  it('receives the beginning and the end of backpressure', async () => {
    const { calls, observer } = recorder();
    const { paused, resumed } = observer;
    const { client, connection } = open({ paused, resumed }, { sendBufferSize: 1000 });
    const sent = [connection.send(Buffer.alloc(200_000)), connection.send(Buffer.alloc(200_000))];
    await turn();
    expect(calls).toEqual([['paused', expect.any(Number)]]);
    expect(calls[0][1]).toBeGreaterThan(1000);
    await readBytes(client, 400_020);
    expect(await Promise.all(sent)).toEqual([true, true]);
    expect(calls.map(([name]) => name)).toEqual(['paused', 'resumed']);
    connection.abort();
  });
});
