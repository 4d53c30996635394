import { jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { LINGER } from '../../../../libs/websockets/src/connection/close-handshake.js';
import { PreparedMessage } from '../../../../libs/websockets/src/connection/prepared-message.js';
import type { WebSocketState } from '../../../../libs/websockets/src/connection/web-socket-connection.js';
import type { DeflateParameters } from '../../../../libs/websockets/src/protocol/permessage-deflate.js';
import type { AcceptedHandshake } from '../../../../libs/websockets/src/connection/server-connection.js';
import { close, ping, text } from '../protocol/client-frame.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

const wrong = Buffer.from([0xff, 0xff]);
const agreed: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

describe('The close handshake', () => {
  type Step = (pair: ConnectedPair) => unknown;
  const serverCloses: Step = ({ connection }) => void connection.close(4000, 'ours');
  const peerCloses: Step = ({ client }) => client.write(close(3000, 'theirs'));
  const peerIsWrong: Step = ({ client }) => client.write(wrong);
  const peerEnds: Step = ({ client }) => client.end();
  const abort: Step = ({ connection }) => connection.abort();
  /** Delays the answer to the peer's close. */
  const handle: Step = ({ client, connection }) => {
    void connection.receive(() => new Promise(() => {})).catch(() => {});
    client.write(text('handled for ever'));
  };
  const theirs = { by: 'peer', status: 3000, description: 'theirs' };
  const ours = { by: 'server', status: 4000, description: 'ours' };
  const protocol = { by: 'protocol', status: 1002 };
  const lost = { by: 'transport', status: 1006, description: '' };
  const aborted = { by: 'abort', status: 1006, description: '' };

  it.each<[string, readonly Step[], WebSocketState, object]>([
    ['peer, server', [peerCloses], 'closed', theirs],
    ['peer, then the server during a handler', [handle, peerCloses], 'closeReceived', theirs],
    ['peer, then an abort during a handler', [handle, peerCloses, abort], 'aborted', theirs],
    ['server', [serverCloses], 'closeSent', ours],
    ['server, peer', [serverCloses, peerCloses], 'closed', ours],
    ['server, protocol error', [serverCloses, peerIsWrong], 'closed', ours],
    ['server, end of the transport', [serverCloses, peerEnds], 'aborted', lost],
    ['server, abort', [serverCloses, abort], 'aborted', aborted],
    ['protocol error', [peerIsWrong], 'closed', protocol],
    ['protocol error, abort', [peerIsWrong, abort], 'closed', protocol],
    ['end of the transport', [peerEnds], 'aborted', lost],
    ['abort', [abort], 'aborted', aborted],
  ])('reaches the right state after %s', async (_what, steps, state, closed) => {
    const pair = connect();
    pair.client.resume();
    for (const step of steps) {
      await turn();
      step(pair);
    }
    await turn();
    await turn();
    expect(pair.connection.state).toBe(state);
    if (state === 'closeSent') {
      pair.client.write(close(4000));
    } else if (state === 'closeReceived') {
      void pair.connection.close(1000);
    }
    pair.client.end();
    expect(await pair.connection.closed).toMatchObject(closed);
  });

  it.each<[string, readonly Step[], object]>([
    ['also closes', [peerCloses], theirs],
    ['violates the protocol', [peerIsWrong], protocol],
    ['is cut off', [abort], aborted],
  ])('reports the right result when the peer %s while a close waits for compression', async (_what, steps, closed) => {
    const pair = connect({}, {}, agreed);
    pair.client.resume();
    void pair.connection.send('compressed');
    serverCloses(pair);
    expect(pair.connection.state).toBe('closeSent');
    const sent = pair.connection.send('too late');
    steps.forEach((step) => step(pair));
    expect(await sent).toBe(false);
    pair.client.end(close(4000));
    expect(await pair.connection.closed).toMatchObject(closed);
  });

  it('sends the close after messages that are being compressed', async () => {
    const { client, connection } = connect({}, {}, agreed);
    void connection.send('compressed');
    void connection.close(4000, 'ours');
    expect((await readFrame(client, { compressed: true })).opcode).toBe(1);
    expect((await readFrame(client)).opcode).toBe(8);
    client.end(close(4000));
    expect(await connection.closed).toEqual(ours);
  });
});

/** The ways to complete the close handshake, while the peer keeps its half of the transport open. */
const closes: [string, (pair: ConnectedPair) => Promise<unknown>][] = [
  ['a close from the peer', async ({ client }) => void client.write(close(1000))],
  [
    "the peer's answer to a close",
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

  it.each(closes)('ends at once after %s if nothing else was sent', async (_when, act) => {
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
    ['after a message was sent', {}, ({ connection }) => connection.send('hello')],
    ['after a prepared message was sent', {}, ({ connection }) => connection.send(new PreparedMessage('hello'))],
    ['after a ping was sent', {}, async ({ connection }) => void connection.ping('?')],
    [
      'after a pong was sent',
      {},
      async ({ client }) => {
        client.write(ping('?'));
        await turn();
      },
    ],
  ])('%s', (_what, handshake, prepare) => {
    it.each(closes)('ends a second after %s, for any closeTimeout', async (_when, act) => {
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

  it('ends after closeTimeout if that is shorter', async () => {
    const { client, server } = connect({ closeTimeout: LINGER / 2 }, { httpVersion: '2' });
    client.write(close(1000));
    await turn();
    client.resume();
    await turn();
    jest.advanceTimersByTime(LINGER / 2);
    expect(server.destroyed).toBe(true);
  });

  it('has closeTimeout to send earlier data', async () => {
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

  it.each(['1.1', '2'] as const)('ends a second after a protocol error over HTTP/%s', async (httpVersion) => {
    const { client, server } = connect({ closeTimeout: 30_000 }, { httpVersion });
    client.write(Buffer.from([0xff, 0xff]));
    client.resume();
    await turn();
    jest.advanceTimersByTime(LINGER - 1);
    expect(server.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(server.destroyed).toBe(true);
  });

  it('clears its timer when it ends', async () => {
    const { client, connection } = connect({}, { httpVersion: '2' });
    client.write(close(1000));
    await turn();
    client.resume();
    client.end();
    await connection.closed;
    expect(jest.getTimerCount()).toBe(0);
  });
});
