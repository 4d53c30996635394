import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import {
  EventTargetEmitter,
  WsCompatibleClient,
  type BinaryType,
  type EventListener,
} from '../../../../libs/websockets/src/nest/ws-compatible-client.js';
import { callHandler, serveConnection } from '../../../../libs/websockets/src/nest/serve-connection.js';
import type { DeflateParameters } from '../../../../libs/websockets/src/protocol/permessage-deflate.js';
import { RecordingLogger } from '../../../support/nest-app.js';
import { binary, clientFrame, close, continuation, ping, pong, text } from '../protocol/client-frame.js';
import type { ServerConnection } from '../../../../libs/websockets/src/connection/server-connection.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

let logger: RecordingLogger;
beforeEach(() => Logger.overrideLogger((logger = new RecordingLogger())));

interface ConnectedClient {
  /** The raw end of the peer. */
  readonly peer: ConnectedPair['client'];
  /** The client of a stock gateway. */
  readonly client: WsCompatibleClient;
}

/** The parameters of a connection with compression. */
const COMPRESSION: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

function connectClient(...args: Parameters<typeof connect>): ConnectedClient {
  const { client: peer, connection } = connect(...args);
  return { peer, client: new WsCompatibleClient(connection) };
}

/** Emits messages, and answers the peer's close, as the adapter does. */
function serve(client: WsCompatibleClient): void {
  void serveConnection(
    client.connection as ServerConnection,
    'The client',
    callHandler(() => client.emitMessages()),
  );
}

/** The events that `client` emits: the arguments of each. */
function record(client: WsCompatibleClient, event: string): unknown[][] {
  const calls: unknown[][] = [];
  client.on(event, (...args: unknown[]) => void calls.push(args));
  return calls;
}

describe('WsCompatibleClient', () => {
  describe('has the interface of ws:', () => {
    it('its states, with the same names and numbers', async () => {
      const { client, peer } = connectClient();
      for (const state of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const) {
        expect(WsCompatibleClient[state]).toBe(WebSocket[state]);
        expect(client[state]).toBe(WebSocket[state]);
      }
      expect(client.readyState).toBe(WebSocket.OPEN);
      client.close();
      expect(client.readyState).toBe(WebSocket.CLOSING);
      peer.end(close());
      await once(client, 'close');
      expect(client.readyState).toBe(WebSocket.CLOSED);
    });

    it.each([
      ['chat', 'chat'],
      [undefined, ''],
    ])('its protocol, for the subprotocol %p: %j', (subprotocol, protocol) => {
      const client = new WsCompatibleClient(connect({}, { subprotocol }).connection);
      expect(client.protocol).toBe(protocol);
      client.terminate();
    });

    it.each([
      [undefined, ''],
      [COMPRESSION, 'permessage-deflate'],
    ])('its extensions, for %j: %j', (deflate, extensions) => {
      const { client } = connectClient({}, {}, deflate);
      expect(client.extensions).toBe(extensions);
      client.terminate();
    });

    it("the address of its peer, at the place where Nest's documented throttler reads it", () => {
      const { client } = connectClient({}, { remoteAddress: '192.0.2.1' });
      // oxlint-disable-next-line no-underscore-dangle
      expect(client._socket.remoteAddress).toBe('192.0.2.1');
      client.terminate();
    });

    it('its bufferedAmount', async () => {
      const { client } = connectClient({ sendBufferSize: 0 });
      expect(client.bufferedAmount).toBe(0);
      client.send('x'.repeat(100_000));
      expect(client.bufferedAmount).toBeGreaterThanOrEqual(100_000);
      await turn();
      expect(client.bufferedAmount).toBeGreaterThan(0);
      client.terminate();
    });

    it('its bufferedAmount, which includes messages that wait for compression', async () => {
      const { client, peer } = connectClient({}, {}, COMPRESSION);
      for (let i = 0; i < 10; i++) {
        client.send('x'.repeat(10_000));
      }
      expect(client.bufferedAmount).toBe(100_000);
      peer.resume();
      await new Promise((resolve) => client.send('last', resolve));
      await turn();
      expect(client.bufferedAmount).toBe(0);
      client.terminate();
    });
  });

  describe('message', () => {
    it('is emitted for each whole message, with text as bytes, until the peer closes', async () => {
      const { client, peer } = connectClient();
      const messages = record(client, 'message');
      const received = client.emitMessages();
      peer.write(Buffer.concat([text('hé', false), continuation('y'), binary('b'), text(''), close(1000)]));
      await received;
      expect(messages).toEqual([
        [Buffer.from('héy'), false],
        [Buffer.from('b'), true],
        [Buffer.from(''), false],
      ]);
      client.terminate();
    });

    it('is emitted in order and once for each of many messages in one read', async () => {
      const { client, peer } = connectClient();
      const messages = record(client, 'message');
      const received = client.emitMessages();
      const sent = Array.from({ length: 100 }, (_, i) => String(i));
      peer.write(Buffer.concat([...sent.map((one) => text(one)), close(1000)]));
      await received;
      expect(messages.map(([data]) => String(data))).toEqual(sent);
      client.terminate();
    });
  });

  describe('binaryType', () => {
    it.each<[BinaryType, unknown]>([
      ['nodebuffer', Buffer.from('b')],
      ['arraybuffer', new Uint8Array([98]).buffer],
      ['fragments', [Buffer.from('b')]],
    ])('makes messages arrive as %s', async (binaryType, expected) => {
      const { client, peer } = connectClient();
      expect(client.binaryType).toBe('nodebuffer');
      const messages = record(client, 'message');
      client.binaryType = binaryType;
      const received = client.emitMessages();
      peer.write(Buffer.concat([binary('b'), text('t'), close(1000)]));
      await received;
      expect(messages).toEqual([
        [expected, true],
        [Buffer.from('t'), false],
      ]);
      client.terminate();
    });

    it('makes messages arrive as a Blob', async () => {
      const { client, peer } = connectClient();
      client.binaryType = 'blob';
      const messages = record(client, 'message');
      const received = client.emitMessages();
      peer.write(Buffer.concat([binary('b'), close(1000)]));
      await received;
      expect(await (messages[0][0] as Blob).text()).toBe('b');
      client.terminate();
    });

    it('rejects any other value', () => {
      const { client } = connectClient();
      expect(() => (client.binaryType = 'text' as BinaryType)).toThrow(
        new TypeError('binaryType was given "text"; it can be nodebuffer, arraybuffer, fragments, blob.'),
      );
      client.terminate();
    });
  });

  describe('pause', () => {
    it('holds messages until resume(), even those that were already read', async () => {
      const { client, peer } = connectClient();
      const messages = record(client, 'message');
      client.pause();
      const received = client.emitMessages();
      peer.write(Buffer.concat([text('a'), text('b'), close(1000)]));
      await turn();
      expect([client.isPaused, messages.length]).toEqual([true, 0]);
      client.once('message', () => client.pause());
      client.resume();
      await turn();
      expect([client.isPaused, messages.length]).toEqual([true, 1]);
      client.resume();
      await received;
      expect([client.isPaused, messages.length]).toEqual([false, 2]);
      client.terminate();
    });

    it('ends with the connection, and emits nothing afterwards', async () => {
      const { client, peer } = connectClient();
      const messages = record(client, 'message');
      client.pause();
      const received = client.emitMessages();
      peer.write(text('a'));
      await turn();
      client.terminate();
      await received.catch(() => {});
      expect([client.isPaused, messages.length]).toEqual([false, 0]);
      client.pause();
      expect(client.isPaused).toBe(false);
    });
  });

  describe('send', () => {
    it('sends a Blob as binary, and keeps the order of later messages', async () => {
      const { client, peer } = connectClient();
      client.send(new Blob(['bl', 'ob']));
      client.send('text');
      client.ping('ping');
      client.send(new Blob(['text of a blob']), { binary: false });
      client.close(1000);
      expect(client.bufferedAmount).toBe(18);
      const frames = [];
      for (let i = 0; i < 5; i++) {
        const { opcode, payload } = await readFrame(peer);
        frames.push([opcode, payload.toString('latin1')]);
      }
      expect(frames).toEqual([
        [2, 'blob'],
        [1, 'text'],
        [9, 'ping'],
        [1, 'text of a blob'],
        [8, '\x03\xe8'],
      ]);
      expect(client.bufferedAmount).toBe(0);
      client.terminate();
    });

    it('closes with 1011 when a Blob cannot be read, and logs the error once', async () => {
      const { client, peer } = connectClient();
      const blob = new Blob(['x']);
      Object.assign(blob, { arrayBuffer: () => Promise.reject(new Error('unreadable')) });
      client.send(blob);
      const { opcode, payload } = await readFrame(peer);
      expect([opcode, payload.readUInt16BE()]).toEqual([8, 1011]);
      expect(logger.alarms).toHaveLength(1);
      client.terminate();
    });

    it.each<[string, Parameters<WsCompatibleClient['send']>, { opcode: number; fin: boolean; payload: string }]>([
      ['a string as text', ['hé'], { opcode: 1, fin: true, payload: 'hé' }],
      ['a number as text', [42], { opcode: 1, fin: true, payload: '42' }],
      ['a Buffer as binary', [Buffer.from('b')], { opcode: 2, fin: true, payload: 'b' }],
      ['an ArrayBuffer as binary', [new Uint8Array([98]).buffer], { opcode: 2, fin: true, payload: 'b' }],
      ['a part of a view', [new Uint16Array([0x6161, 0x6262]).subarray(1)], { opcode: 2, fin: true, payload: 'bb' }],
      ['a DataView', [new DataView(new Uint8Array([97, 98]).buffer, 1)], { opcode: 2, fin: true, payload: 'b' }],
      ['undefined as an empty binary message', [undefined as never], { opcode: 2, fin: true, payload: '' }],
      ['an array of numbers as bytes', [[98] as never], { opcode: 2, fin: true, payload: 'b' }],
      ['bytes as text', [Buffer.from('t'), { binary: false }], { opcode: 1, fin: true, payload: 't' }],
      ['text as binary', ['t', { binary: true }], { opcode: 2, fin: true, payload: 't' }],
      ['a part of a message', ['t', { fin: false }], { opcode: 1, fin: false, payload: 't' }],
      ['uncompressed text', ['t', { compress: false }], { opcode: 1, fin: true, payload: 't' }],
    ])('sends %s', async (_what, args, expected) => {
      const { client, peer } = connectClient();
      client.send(...args);
      const { opcode, fin, payload } = await readFrame(peer);
      expect({ opcode, fin, payload: payload.toString() }).toEqual(expected);
      client.terminate();
    });

    it('throws for data without bytes', () => {
      const { client } = connectClient();
      expect(() => client.send({} as never)).toThrow(/must be of type string or an instance of Buffer/);
      client.terminate();
    });

    it.each<[string, (client: WsCompatibleClient, done: (error?: Error) => void) => void]>([
      ['second', (client, done) => client.send('x', done)],
      ['last', (client, done) => client.send('x', { binary: true }, done)],
    ])('calls back when the message is sent, with the callback as the %s argument', async (_where, send) => {
      const { client } = connectClient();
      expect(await new Promise((resolve) => send(client, resolve))).toBeUndefined();
      client.terminate();
    });

    it('calls back only when at most sendBufferSize bytes are unsent', async () => {
      const { client, peer } = connectClient({ sendBufferSize: 0 });
      let isDone = false;
      const done = new Promise<void>((resolve) => {
        client.send(Buffer.alloc(1_000_000), () => {
          isDone = true;
          resolve();
        });
      });
      await turn();
      expect(isDone).toBe(false);
      peer.resume();
      await done;
      client.terminate();
    });

    it('calls back later with an error when the connection is not open', async () => {
      const { client } = connectClient();
      client.terminate();
      await once(client, 'close');
      let returned = false;
      const error = await new Promise((resolve) => {
        client.send('x', (failure) => resolve(returned ? failure : 'called at once'));
        returned = true;
      });
      expect(error).toEqual(new Error('The WebSocket is not open.'));
    });

    it('calls back with an error when the connection is lost before the message is sent', async () => {
      const { client } = connectClient({ sendBufferSize: 0 });
      const sent = new Promise((resolve) => client.send(Buffer.alloc(1_000_000), resolve));
      client.terminate();
      expect(await sent).toEqual(new Error('The WebSocket is not open.'));
    });

    it('neither throws nor sends when the connection is not open', async () => {
      const { client, peer } = connectClient();
      client.close(1000);
      client.send('too late');
      expect((await readFrame(peer)).opcode).toBe(8);
      client.terminate();
      expect(() => client.send('too late')).not.toThrow();
    });
  });

  describe.each([
    ['ping', 9],
    ['pong', 10],
  ] as const)('%s', (name, opcode) => {
    it.each<[string, Parameters<WsCompatibleClient['ping']>, string]>([
      ['no payload', [], ''],
      ['undefined', [undefined], ''],
      ['text', ['héy'], 'héy'],
      ['a number', [7], '7'],
      ['bytes', [Buffer.alloc(125, 'x')], 'x'.repeat(125)],
      ['a mask flag, which a server ignores', ['x', true], 'x'],
    ])(`sends a ${name} with %s`, async (_what, args, payload) => {
      const { client, peer } = connectClient();
      client[name](...args);
      expect(await readFrame(peer)).toEqual({ opcode, fin: true, payload: Buffer.from(payload) });
      client.terminate();
    });

    it('throws for more than 125 bytes, the limit of a control frame', () => {
      const { client } = connectClient();
      const message = `${name}() was given 126 bytes; at most 125 fit.`;
      expect(() => client[name]('é'.repeat(63))).toThrow(new RangeError(message));
      client.terminate();
    });

    it.each<[string, (client: WsCompatibleClient, done: (error?: Error) => void) => void]>([
      ['as the only argument', (client, done) => client[name](done)],
      ['after the payload', (client, done) => client[name]('x', done)],
      ['after the mask flag', (client, done) => client[name]('x', false, done)],
    ])('calls back later, with a callback %s', async (_where, send) => {
      const { client, peer } = connectClient();
      const sent = new Promise((resolve) => send(client, resolve));
      expect((await readFrame(peer)).opcode).toBe(opcode);
      expect(await sent).toBeUndefined();
      client.terminate();
      expect(await new Promise((resolve) => send(client, resolve))).toEqual(new Error('The WebSocket is not open.'));
    });

    it("is emitted with the payload of the peer's frame", async () => {
      const { client, peer } = connectClient();
      const emitted = record(client, name);
      peer.write(Buffer.concat(['one', 'two'].map((payload) => clientFrame({ opcode, payload }))));
      await turn();
      expect(emitted).toEqual([[Buffer.from('one')], [Buffer.from('two')]]);
      client.terminate();
    });
  });

  it('answers pings automatically', async () => {
    const { client, peer } = connectClient();
    client.on('ping', () => {});
    peer.write(ping('one'));
    expect(await readFrame(peer)).toEqual({ opcode: 10, fin: true, payload: Buffer.from('one') });
    client.terminate();
  });

  describe('close', () => {
    it.each<[string, Parameters<WsCompatibleClient['close']>, number | undefined, string]>([
      ['no arguments', [], undefined, ''],
      ['a status', [4000], 4000, ''],
      ['a reason', [1000, 'bye'], 1000, 'bye'],
      ['a reason of bytes', [1000, Buffer.from('bye')], 1000, 'bye'],
      ['a reason without a status, which ws ignores', [undefined, 'bye'], undefined, ''],
    ])('sends a close frame with %s', async (_what, args, status, reason) => {
      const { client, peer } = connectClient();
      client.close(...args);
      const { opcode, payload } = await readFrame(peer);
      expect(opcode).toBe(8);
      expect(payload.length === 0 ? undefined : payload.readUInt16BE()).toBe(status);
      expect(payload.toString('utf8', 2)).toBe(reason);
      client.terminate();
    });

    it.each<[Parameters<WsCompatibleClient['close']>]>([
      [[1005]],
      [[999]],
      [[5000]],
      [[NaN]],
      [[1000, 'é'.repeat(62)]],
    ])('throws for %j, which a close frame cannot have, and leaves the connection open', (args) => {
      const { client } = connectClient();
      expect(() => client.close(...args)).toThrow(expect.objectContaining({ code: 'WS_INVALID_CLOSE' }));
      expect(client.readyState).toBe(WebSocket.OPEN);
      client.terminate();
    });

    it('has no effect, with any arguments, when the connection is not open', async () => {
      const { client } = connectClient();
      client.terminate();
      client.close(5000);
      await once(client, 'close');
      client.close(5000);
      expect(await client.connection.closed).toMatchObject({ by: 'abort' });
    });

    it.each<[string, (pair: ConnectedClient) => void, number, string]>([
      ['the peer closed', ({ peer }) => void peer.end(close(4001, 'mine')), 4001, 'mine'],
      ['the peer closed without a status', ({ peer }) => void peer.end(close()), 1005, ''],
      ['the peer vanished', ({ peer }) => void peer.destroy(), 1006, ''],
      ['it was terminated', ({ client }) => client.terminate(), 1006, ''],
    ])('is emitted once, with a code and a reason, when %s', async (_what, end, code, reason) => {
      const pair = connectClient();
      const closes = record(pair.client, 'close');
      serve(pair.client);
      pair.peer.resume();
      end(pair);
      await once(pair.client, 'close');
      await turn();
      expect(closes).toEqual([[code, Buffer.from(reason)]]);
    });
  });

  describe('With a listener that throws or rejects, the client', () => {
    it.each<[string, () => unknown]>([
      [
        'throws',
        () => {
          throw new Error('broken');
        },
      ],
      ['rejects', () => Promise.reject(new Error('broken'))],
    ])('closes with 1011 and logs once when the listener %s at a pong', async (_how, listener) => {
      const { client, peer } = connectClient();
      client.on('pong', (() => listener()) as () => void);
      peer.write(pong());
      expect((await readFrame(peer)).payload.readUInt16BE()).toBe(1011);
      expect(logger.lines).toEqual([
        { level: 'error', text: expect.stringMatching(/^A listener of "pong" failed: Error: broken\n.*\n\s+at /) },
      ]);
      client.terminate();
    });

    it.each<[string, (client: WsCompatibleClient, listener: () => Promise<void>) => void]>([
      ['on', (client, listener) => client.on('message', listener as () => void)],
      ['addEventListener', (client, listener) => client.addEventListener('message', listener)],
      ['onmessage', (client, listener) => Object.assign(client, { onmessage: listener })],
    ])('closes with 1011 and logs once when the promise of a listener rejects, added through %s', async (_how, add) => {
      const { client, peer } = connectClient();
      add(client, () => Promise.reject(new Error('broken')));
      serve(client);
      peer.write(text('x'));
      expect((await readFrame(peer)).payload.readUInt16BE()).toBe(1011);
      expect(logger.lines).toHaveLength(1);
      client.terminate();
    });

    it('closes with 1011 and logs once when the listener is a callback', async () => {
      const { client, peer } = connectClient();
      client.send('x', () => {
        throw new Error('broken');
      });
      expect((await readFrame(peer)).payload.toString()).toBe('x');
      expect((await readFrame(peer)).payload.readUInt16BE()).toBe(1011);
      expect(logger.lines).toEqual([
        { level: 'error', text: expect.stringContaining('A callback of send() failed: Error: broken') },
      ]);
      client.terminate();
    });

    it('logs once when the listener throws at the close', async () => {
      const { client } = connectClient();
      client.once('close', () => {
        throw new Error('broken');
      });
      client.terminate();
      await client.connection.closed;
      await turn();
      expect(logger.lines).toEqual([{ level: 'error', text: expect.stringContaining('A listener of "close" failed') }]);
    });
  });
});

/** Two ways to add a listener for `message` and `close`. */
const ways: [string, (target: EventTargetEmitter, type: 'message' | 'close', listener: EventListener) => void][] = [
  ['addEventListener', (target, type, listener) => target.addEventListener(type, listener)],
  ['a property', (target, type, listener) => void (target[`on${type}`] = listener)],
];

describe('EventTargetEmitter', () => {
  let target: EventTargetEmitter;
  let events: Record<string, unknown>[];
  const listener = (event: Record<string, unknown>): void => void events.push(event);

  beforeEach(() => {
    target = new EventTargetEmitter();
    events = [];
  });

  describe.each(ways)('with a listener added through %s', (_how, add) => {
    it('delivers text as a string, and binary as bytes', () => {
      add(target, 'message', listener);
      target.emit('message', Buffer.from('té'), false);
      target.emit('message', Buffer.from('b'), true);
      expect(events).toEqual([
        { type: 'message', target, data: 'té' },
        { type: 'message', target, data: Buffer.from('b') },
      ]);
    });

    it.each([
      [4001, 'mine', true],
      [1005, '', true],
      [1006, '', false],
    ])('delivers a close with %d %j', (code, reason, wasClean) => {
      add(target, 'close', listener);
      target.emit('close', code, Buffer.from(reason));
      expect(events).toEqual([{ type: 'close', target, code, reason, wasClean }]);
    });

    it('calls the listener with the target as `this`', () => {
      let seen: unknown;
      add(target, 'message', function (this: unknown) {
        seen = this;
      });
      target.emit('message', Buffer.alloc(0), true);
      expect(seen).toBe(target);
    });
  });

  describe('addEventListener', () => {
    const emit = (data: string): boolean => target.emit('message', Buffer.from(data), false);
    const heard = (): unknown[] => events.map(({ data }) => data);

    it('adds a listener once, and removeEventListener removes it', () => {
      target.addEventListener('message', listener);
      target.addEventListener('message', listener);
      emit('1');
      target.removeEventListener('message', listener);
      target.removeEventListener('message', listener);
      emit('2');
      expect(heard()).toEqual(['1']);
    });

    it('adds a one-time listener, which can be removed earlier', () => {
      target.addEventListener('message', listener, { once: true });
      emit('1');
      emit('2');
      target.addEventListener('message', listener, { once: true });
      target.removeEventListener('message', listener);
      emit('3');
      expect(heard()).toEqual(['1']);
    });

    it('accepts an object with handleEvent', () => {
      const object = { handleEvent: listener };
      target.addEventListener('message', object);
      emit('1');
      target.removeEventListener('message', object);
      emit('2');
      expect(heard()).toEqual(['1']);
    });
  });

  describe.each(['onopen', 'onmessage', 'onclose', 'onerror'] as const)('%s', (name) => {
    const type = name.slice(2);
    const other = (): void => {};

    it('is null until a function is assigned, and after anything else is assigned', () => {
      expect(target[name]).toBeNull();
      target[name] = listener;
      expect(target[name]).toBe(listener);
      target[name] = null;
      expect(target[name]).toBeNull();
      expect(target.listenerCount(type)).toBe(0);
    });

    it('holds one listener: the last one assigned', () => {
      target[name] = other;
      target[name] = listener;
      expect(target.listenerCount(type)).toBe(1);
      target.emit(type, 1006, '');
      expect(events).toHaveLength(1);
    });

    it('does not affect the listeners of addEventListener, even if they are the same function', () => {
      target.addEventListener(type, listener);
      target[name] = listener;
      target.emit(type, 1006, '');
      expect(events).toHaveLength(2);
      target[name] = null;
      target.emit(type, 1006, '');
      expect(events).toHaveLength(3);
      target.removeEventListener(type, listener);
      expect(target.listenerCount(type)).toBe(0);
    });
  });
});
