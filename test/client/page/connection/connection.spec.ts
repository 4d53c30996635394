import {
  Connection,
  type ConnectionListener,
  type ConnectionState,
  type Socket,
} from '../../../../client/page/connection/connection.js';
import { ControlledSocket } from '../../../support/controlled-socket.js';

describe('A connection', () => {
  let sockets: ControlledSocket[];
  let told: unknown[][];
  let connection: Connection;
  let now: number;
  let refusal: Error | undefined;

  const socket = (): ControlledSocket => sockets.at(-1) ?? new ControlledSocket();
  const states = (): ConnectionState[] =>
    told.filter(([what]) => what === 'state').map(([, state]) => state as ConnectionState);

  beforeEach(() => {
    sockets = [];
    told = [];
    now = 0;
    refusal = undefined;
    const listener: ConnectionListener = {
      onStateChanged: (state) => told.push(['state', state]),
      onOpened: (details) => told.push(['opened', details]),
      onReceived: (data) => told.push(['received', data]),
      onFailed: (url, why) => told.push(['failed', url, why]),
      onAbandoned: (url, stage) => told.push(['abandoned', url, stage]),
      onClosed: (details) => told.push(['closed', details]),
    };
    const environment = {
      openSocket: (): Socket => {
        if (refusal) {
          throw refusal;
        }
        const made = new ControlledSocket();
        sockets.push(made);
        return made;
      },
      now: () => now,
    };
    connection = new Connection(environment, listener);
  });

  function open(): void {
    connection.open('ws://a');
    now = 12;
    socket().cause('open');
  }

  it('opens, exchanges messages and closes', () => {
    open();
    connection.send('hello');
    socket().cause('message', { data: 'echo' });
    connection.close(1000, 'done');
    socket().cause('close', { code: 1000, reason: 'done' });

    expect(socket().binaryType).toBe('arraybuffer');
    expect(socket().calls).toEqual([
      ['send', 'hello'],
      ['close', 1000, 'done'],
    ]);
    expect(told).toEqual([
      ['state', 'connecting'],
      ['state', 'open'],
      ['opened', { url: 'ws://a', subprotocol: 'chat', milliseconds: 12 }],
      ['received', 'echo'],
      ['state', 'closing'],
      ['state', 'closed'],
      ['closed', { code: 1000, reason: 'done', byClient: true, opened: true }],
    ]);
  });

  it('reports a failed attempt, then the close', () => {
    connection.open('ws://a');
    socket().cause('close', { code: 1006, reason: '' });

    expect(told.slice(1)).toEqual([
      ['state', 'closed'],
      ['failed', 'ws://a', undefined],
      ['closed', { code: 1006, reason: '', byClient: false, opened: false }],
    ]);
  });

  it('reports why the browser refused an attempt', () => {
    refusal = new Error('blocked');
    connection.open('ws://a');

    expect(told).toEqual([
      ['failed', 'ws://a', 'Error: blocked'],
      ['state', 'ready'],
    ]);
  });

  it('cancels an attempt, and ignores its later events', () => {
    connection.open('ws://a');
    connection.close(1000, 'x');
    socket().cause('close', { code: 1006, reason: '' });

    expect(socket().calls).toEqual([['close']]);
    expect(told.slice(1)).toEqual([
      ['state', 'closed'],
      ['abandoned', 'ws://a', 'connecting'],
    ]);
  });

  it('reopens while the previous one is closing, and ignores its later events', () => {
    open();
    connection.close();
    connection.open('ws://b');
    sockets[0]?.cause('close', { code: 1006, reason: '' });
    sockets[1]?.cause('open');

    expect(states()).toEqual(['connecting', 'open', 'closing', 'connecting', 'open']);
    expect(told).toContainEqual(['abandoned', 'ws://a', 'closing']);
  });
});
